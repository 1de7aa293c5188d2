"""A CSV body of SageMaker's and MLflow's clients: commas, UTF-8, with a header or without.

SageMaker's built-in algorithms take no header, MLflow needs one. A first line that has every feature among its cells
is a header; `Content-Type: text/csv; header=present` or `absent` (RFC 4180) says it where that is not so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from service.api.foreign.invocation_rows import InvocationCells
from service.api.predictions.codecs import missing_feature, refused
from service.errors import BodyMalformed, FieldError, ParameterInvalid

HEADER_WORDS = ("present", "absent")


def csv_cells(data: bytes, features: Sequence[str], header: str | None) -> InvocationCells:
    """The rows of a CSV body; `header` is what Content-Type says. Raises BodyMalformed, RowsInvalid."""
    if header is not None and header not in HEADER_WORDS:
        raise ParameterInvalid.at("/Content-Type", f"header={header[:40]} is not supported; use present or absent")
    lines, rows = _read(data)
    has_header = bool(rows) and (header == "present" or (header is None and set(features) <= set(rows[0])))
    names = rows[0] if has_header else list(features)
    if errors := [missing_feature(name, "", names) for name in features if name not in names]:
        raise refused(errors)
    if twice := [name for name in features if names.count(name) > 1]:
        raise refused([FieldError("", f"the header names column {twice[0]!r} twice; rename or remove one")])
    lines, rows = (lines[1:], rows[1:]) if has_header else (lines, rows)

    def told(detail: str, row: int, name: str) -> FieldError:
        hint = f"; a header must name every feature: {', '.join(features)}" if row == 0 and not has_header else ""
        return FieldError("", f"line {lines[row]}, column {name!r}: {detail}{hint}")

    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            says = "the header" if has_header else "a row of this model"
            raise refused([FieldError("", f"line {line}: has {len(row)} cells, but {says} has {len(names)}")])
    positions = {name: names.index(name) for name in features}
    columns = {name: [row[position] for row in rows] for name, position in positions.items()}
    return InvocationCells(columns, len(rows), told, scored=not has_header)


def _read(data: bytes) -> tuple[list[int], list[list[str]]]:
    """The rows, and the first line of each; blank lines hold no row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodyMalformed(f"the body is not UTF-8 (byte {error.start}); save the file as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    number = 1
    try:
        for row in reader:
            if row:
                lines.append(number)
                rows.append(row)
            number = reader.line_num + 1
    except csv.Error as error:
        raise BodyMalformed(f"line {reader.line_num}: {error}") from None
    return lines, rows
