"""Stored tables (Parquet) as typed columns, a chunk at a time, and Arrow data as the same columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.cells.columns import Categories, CellInvalid, Columns, Floats, Kind, Values
from service.domain.cells.written import BLANKS


def chunks(path: Path, kinds: Mapping[str, Kind], rows: int = CHUNK_ROWS) -> Iterator[Columns]:
    """The table's rows in order, the named columns only. Chunks have the same borders every time."""
    file = pq.ParquetFile(path, pre_buffer=False)  # else all that was read of the file stays in memory till its end
    for batch in file.iter_batches(batch_size=rows, columns=list(kinds), use_threads=False):
        yield from_arrow(pa.table(batch), kinds)


def from_arrow(table: pa.Table, kinds: Mapping[str, Kind]) -> Columns:
    """Typed columns of an Arrow table. Raises KeyError for an absent one, CellInvalid for another type."""
    data = {name: _values(name, table.column(name), kind) for name, kind in kinds.items()}
    return Columns(data, table.num_rows)


def _values(name: str, column: pa.ChunkedArray, kind: Kind) -> Values:
    try:
        if kind in ("categorical", "text"):
            return _categories(column)
        return _floats(column, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        raise CellInvalid(0, name, f"column {name!r} is {column.type}, which cannot be read as {kind}") from None


def _floats(column: pa.ChunkedArray, kind: Kind) -> Floats:
    if kind == "boolean":
        if not pa.types.is_boolean(column.type):
            raise pa.ArrowTypeError("not boolean")
        column = pc.cast(column, pa.int8())
    elif kind == "datetime":
        microseconds = pc.cast(column, pa.timestamp("us"), safe=False)
        seconds = _numbers(pc.cast(microseconds, pa.int64()))
        return seconds / 1e6
    elif not (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    ):
        raise pa.ArrowTypeError("not a number")
    return _numbers(column)


def _numbers(column: pa.ChunkedArray) -> Floats:
    if not pa.types.is_float64(column.type):
        column = pc.cast(column, pa.float64(), safe=False)
    if column.null_count:
        column = pc.fill_null(column, math.nan)
    values: Floats = np.asarray(column.to_numpy(), dtype=np.float64)
    return values


def _categories(column: pa.ChunkedArray) -> Categories:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if not (
        pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_integer(column.type)
    ):
        raise pa.ArrowTypeError("not a string")
    encoded: Any = pc.cast(column, pa.string()).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no chunks at all
        encoded = pa.array([], pa.string())
    dictionary = encoded.dictionary_encode()
    codes = pc.fill_null(dictionary.indices, -1).to_numpy(zero_copy_only=False)
    return without_blanks(Categories(np.asarray(codes, dtype=np.int32), tuple(dictionary.dictionary.to_pylist())))


def without_blanks(found: Categories) -> Categories:
    """The same without blanks around the words: tables of before have kept them."""
    words = tuple(word.strip(BLANKS) for word in found.values)
    if words == found.values:
        return found
    merged = Categories.of(words)
    return Categories(np.append(merged.codes, np.int32(-1))[found.codes], merged.values)
