"""Stored tables (Parquet) as typed columns, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.cells.columns import Categories, CellInvalid, Columns, Values
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import BLANKS
from service.reading.arrow.types import WORD, held_by
from service.reading.arrow.values import floats, plain_array, seconds


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
    holds, held = kind_of(kind).holds, held_by(column.type)
    if holds == "words" and (held == "words" or pa.types.is_integer(column.type)):
        return _categories(column)
    if held != holds or pa.types.is_dictionary(column.type):
        raise CellInvalid(0, name, f"column {name!r} is {column.type}, which cannot be read as {kind}")
    array = plain_array(column)
    return seconds(array) if holds == "times" else floats(array)


def _categories(column: pa.ChunkedArray) -> Categories:
    dictionary = plain_array(pc.cast(column, WORD)).dictionary_encode()
    codes = pc.fill_null(dictionary.indices, -1).to_numpy(zero_copy_only=False)
    return without_blanks(Categories(np.asarray(codes, dtype=np.int32), tuple(dictionary.dictionary.to_pylist())))


def without_blanks(found: Categories) -> Categories:
    """The same without blanks around the words: tables of before have kept them."""
    words = tuple(word.strip(BLANKS) for word in found.values)
    if words == found.values:
        return found
    merged = Categories.of(words)
    return Categories(np.append(merged.codes, np.int32(-1))[found.codes], merged.values)
