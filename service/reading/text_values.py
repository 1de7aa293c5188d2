"""Columns of text cells as the domain holds them, and what is wrong with those that cannot be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.domain.columns import Categories, CellInvalid, Kind, Values, from_text
from service.domain.written import TextStyle
from service.reading.cells import read_cells
from service.reading.rows import Wrong

TYPES: dict[Kind, str] = {"numeric": "DOUBLE", "boolean": "BOOLEAN", "datetime": "TIMESTAMP"}
MOST_TOLD = 1000  # wrong cells of one column whose message is made; the others say that they are like them
MICROSECONDS = 1e6


def of_text(name: str, kind: Kind, cells: Any, style: TextStyle) -> tuple[Values, list[Wrong]]:
    """An Arrow array of strings as the column that training read from the like. Wrong cells are missing in it."""
    type = TYPES.get(kind, "VARCHAR")
    values, bad = read_cells(name, type, style, cells)
    if type == "VARCHAR":
        return categories(values), []
    wrong = []
    if bad is not None:
        for number, row in enumerate(pc.indices_nonzero(bad).to_pylist()):
            told = number < MOST_TOLD
            wrong.append(
                Wrong(row, name, _why(name, kind, cells[row].as_py(), style) if told else "the cell cannot be read")
            )
    return floats(values), wrong


def floats(values: Any) -> Any:
    """(n_rows,) float64 of numbers, booleans or moments in microseconds; NaN where they are null."""
    if pa.types.is_boolean(values.type):
        values = pc.cast(values, pa.uint8())
    moments = pa.types.is_timestamp(values.type)
    if moments:
        values = pc.cast(values, pa.int64())
    made = np.asarray(pc.fill_null(pc.cast(values, pa.float64(), safe=False), np.nan))
    return made / MICROSECONDS if moments else made


def categories(cells: Any) -> Categories:
    """Strings by number."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    encoded = cells.dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int32)
    return Categories(codes, tuple(encoded.dictionary.to_pylist()))


def _why(name: str, kind: Kind, cell: str, style: TextStyle) -> str:
    try:
        from_text(name, kind, [cell], style)
    except CellInvalid as error:
        return error.detail
    return "the cell cannot be read"
