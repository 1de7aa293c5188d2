"""The rows of a body of JSON lines as it arrives: an object or a list for each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from service.domain.cells.columns import Columns, Values
from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.errors import BodyMalformed
from service.reading.arriving import Arriving
from service.reading.json_values import of_json
from service.reading.rows import PIECE, Rows, Wrong

BLOCK_BYTES = 1024 * 1024
FIRST_BLOCK_BYTES = 64 * 1024
NO_BODY = "there is no body; send an object for each row, a line each"


class JsonLines:
    """A body of JSON lines. With `with_table`, `names` are the fields of the first row, once it has been read."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        kinds: Mapping[str, Kind],
        style: TextStyle,
        most_line_bytes: int,
        with_table: bool = False,
    ) -> None:
        self._source = Arriving(pieces)
        self._kinds = kinds
        self._style = style
        self._most_line_bytes = most_line_bytes
        self._with_table = with_table
        if not self._source.look(1)[0]:
            raise BodyMalformed(NO_BODY)
        self._source.as_utf8("utf-8", "")
        self.names: list[str] = self._fields() if with_table else []

    def parts(self) -> Iterator[Rows]:
        """The rows in order. Raises BodyMalformed for a line that is too long."""
        done = 0
        size = FIRST_BLOCK_BYTES
        block: bytes | None
        while block := self._source.lines(size, self._most_line_bytes):
            lines = block.split(b"\n")
            if lines[-1] == b"":
                lines.pop()
            for start in range(0, len(lines), PIECE):
                part = [(start + at, line) for at, line in enumerate(lines[start : start + PIECE]) if line.strip()]
                if part:
                    yield self._typed([done + at + 1 for at, _ in part], [line for _, line in part])
            done += len(lines)
            size = BLOCK_BYTES
        if block is None:
            raise BodyMalformed(
                f"line {done + 1} has more than the {self._most_line_bytes:,} bytes that a line may have "
                "(the operator's setting is ADALINE_MAX_CELL_BYTES)"
            )

    def _typed(self, numbers: list[int], lines: list[bytes]) -> Rows:
        wrong: list[Wrong] = []
        rows = [self._row(at, line, wrong) for at, line in enumerate(lines)]
        columns: dict[str, Values] = {}
        for name, kind in self._kinds.items():
            columns[name], bad = of_json(name, kind, [row.get(name) for row in rows], self._style)
            wrong += bad
        table = None
        if self._with_table:
            import pyarrow as pa

            table = {
                str(at): pa.array([_shown(row.get(name)) for row in rows], pa.string())
                for at, name in enumerate(self.names)
            }
        return Rows(Columns(columns, len(rows)), np.array(numbers, dtype=np.int64), wrong, table)

    def _row(self, at: int, line: bytes, wrong: list[Wrong]) -> dict[str, Any]:
        """The cells of a row by name; what is wrong with it is added to `wrong`."""
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            wrong.append(Wrong(at, "", f"is not JSON: {error.msg} at column {error.colno}"))
            return {}
        if isinstance(row, list):
            if len(row) == len(self._kinds):
                return dict(zip(self._kinds, row, strict=True))
            wrong.append(Wrong(at, "", f"has {len(row)} values, not {len(self._kinds)}: {', '.join(self._kinds)}"))
            return {}
        if not isinstance(row, dict):
            wrong.append(Wrong(at, "", "must be an object of values by feature name, or a list of values"))
            return {}
        for name in self._kinds:
            if name not in row:
                there = ", ".join(map(repr, list(row)[:20])) or "no fields"
                wrong.append(Wrong(at, name, f"feature {name!r} is missing; the row has {there}"))
        return row

    def _fields(self) -> list[str]:
        size = FIRST_BLOCK_BYTES
        while True:
            sample, whole = self._source.look(size)
            line, end, _ = sample.lstrip().partition(b"\n")
            if end or whole or size > self._most_line_bytes:
                break
            size *= 8
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            return list(self._kinds)
        return list(row) if isinstance(row, dict) else list(self._kinds)


def _shown(cell: Any) -> str | None:
    """A cell as text: a string as it is, anything else as JSON."""
    if cell is None or isinstance(cell, str):
        return cell
    return orjson.dumps(cell).decode()
