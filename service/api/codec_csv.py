"""Rows of a CSV body, read as ingest reads a CSV: by the words of its cells, in the style of the model's dataset."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from service.api.codecs import Kinds, missing_feature, refused, typed
from service.domain.columns import Columns, from_text
from service.domain.written import PLAIN, TextStyle
from service.errors import BodyMalformed, FieldError

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")


class CsvRows:
    """Rows of a CSV with a header, in UTF-8."""

    def __init__(self, data: bytes, features: Sequence[str], delimiter: str | None, style: TextStyle = PLAIN) -> None:
        """Raises BodyMalformed for what is no CSV, RowsInvalid when a feature has no column."""
        self._data = data
        self._read = partial(from_text, style=style)
        _check_text(data)
        headers = {mark: self._header(mark) for mark in ([delimiter] if delimiter else DELIMITERS)}
        # the header that names most features was cut at the right marks; the comma goes first among equals
        self._delimiter = max(headers, key=lambda mark: len(set(features) & set(headers[mark])))
        self._names = headers[self._delimiter]
        if not set(features) & set(self._names) and data.lstrip()[:1] in (b"{", b"["):
            raise BodyMalformed("the body is not the CSV that Content-Type says; for JSON send application/json")
        if errors := [missing_feature(name, "", self._names) for name in features if name not in self._names]:
            raise refused(errors)
        for index, name in enumerate(self._names):
            if name in features and name in self._names[:index]:
                raise refused([FieldError("", f"the header names column {name!r} twice; rename or remove one")])

    def pieces(self, kinds: Kinds, size: int) -> Iterator[Columns]:
        lines = self._lines()
        positions = {name: self._names.index(name) for name in kinds}
        first = 0
        while part := list(islice(lines, size)):
            for number, row in part:
                if len(row) != len(self._names):
                    detail = f"line {number}: has {len(row)} cells, but the header has {len(self._names)}"
                    raise refused([FieldError("", detail)])
            cells = {name: [row[position] for _, row in part] for name, position in positions.items()}
            yield typed(self, kinds, cells, self._read, first, len(part))
            first += len(part)

    def wrong(self, row: int, column: str, detail: str) -> FieldError:
        number, _ = next(islice(self._lines(), row, None))
        return FieldError("", f"line {number}, column {column!r}: {detail}")

    def _header(self, delimiter: str) -> list[str]:
        try:
            return next(self._reader(delimiter), [])
        except csv.Error as error:
            raise BodyMalformed(f"line 1: {error}") from None

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its first line; blank lines hold no row."""
        reader = self._reader(self._delimiter)
        next(reader, None)
        number = reader.line_num + 1
        try:
            for row in reader:
                if row:
                    yield number, row
                number = reader.line_num + 1
        except csv.Error as error:
            raise BodyMalformed(f"line {reader.line_num}: {error}") from None

    def _reader(self, delimiter: str) -> Reader:
        text = io.TextIOWrapper(io.BytesIO(self._data), encoding="utf-8-sig", newline="")
        return csv.reader(text, delimiter=delimiter, strict=True)


def _check_text(data: bytes) -> None:
    if not data.strip():
        raise BodyMalformed("there is no body; send CSV with a header line")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BodyMalformed(
            f"line {line}: the body is not UTF-8 (byte {error.start}); save the file as UTF-8"
        ) from None
