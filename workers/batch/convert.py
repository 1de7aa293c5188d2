"""The stored columns of a table as a model's features, a piece of rows at a time, with the cells that are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.arrays import Booleans
from service.domain.cells.columns import Columns, Values
from service.domain.cells.conversion import Conversion
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import TextStyle
from service.reading.arrow.values import plain_array, read_values

SHOWN_LETTERS = 60  # of a cell that cannot be read


@dataclass(frozen=True, slots=True)
class Unread:
    """Cells of a feature that are there and cannot be read: which rows (n_rows,), and what is wrong with each, null in
    the other rows."""

    feature: str
    rows: Booleans
    why: Any  # an Arrow array of strings (n_rows,)


@dataclass(frozen=True, slots=True)
class ConvertedPiece:
    """Rows of the table: the number of those before, their features, and the cells that could not be read."""

    first: int
    columns: Columns
    unread: tuple[Unread, ...]


def pieces(
    path: Path, kinds: Mapping[str, Kind], ways: Mapping[str, Conversion], style: TextStyle, first: int, rows: int
) -> Iterator[ConvertedPiece]:
    """All rows from number `first` on (from 0), `rows` at a time: pieces have the same borders whatever `first` is, if
    that is one of them. `style` is the model's, by which words are read."""
    with pq.ParquetFile(path, pre_buffer=False) as file:  # else all that was read stays in memory till its end
        groups, skipped = _groups_from(file.metadata, first)
        if not groups:
            return
        batches = file.iter_batches(batch_size=rows, row_groups=groups, columns=list(kinds), use_threads=False)
        for table in _cut((pa.table(batch) for batch in batches), first - skipped, rows):
            yield _piece(table, kinds, ways, style, first)
            first += table.num_rows


def _groups_from(metadata: Any, first: int) -> tuple[list[int], int]:
    """The groups of rows that hold row `first` and those after it, and how many rows are before these groups."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > first:
            return list(range(group, metadata.num_row_groups)), before
        before += rows
    return [], before


def _cut(tables: Iterator[pa.Table], skip: int, rows: int) -> Iterator[pa.Table]:
    """The rows after the first `skip`, exactly `rows` at a time but for the last."""
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        kept = table.slice(min(skip, table.num_rows))
        skip -= table.num_rows - kept.num_rows
        waiting.append(kept)
        count += kept.num_rows
        while count >= rows:
            together = pa.concat_tables(waiting)
            yield together.slice(0, rows)
            waiting, count = [together.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(waiting)


def _piece(
    table: pa.Table, kinds: Mapping[str, Kind], ways: Mapping[str, Conversion], style: TextStyle, first: int
) -> ConvertedPiece:
    columns: dict[str, Values] = {}
    unread = []
    for name, kind in kinds.items():
        cells = pa.nulls(table.num_rows) if ways[name] == "gaps" else plain_array(table.column(name))
        columns[name], wrong = read_values(name, kind, cells, style)
        if wrong is not None:
            unread.append(_unread(name, kind, cells, wrong))
    return ConvertedPiece(first, Columns(columns, table.num_rows), tuple(unread))


def _unread(name: str, kind: Kind, cells: Any, wrong: Booleans) -> Unread:
    shown = pc.utf8_slice_codeunits(pc.cast(cells, pa.string()), 0, SHOWN_LETTERS)
    why = pc.binary_join_element_wise(f'column {name!r}: "', shown, f'" {kind_of(kind).misfit}', "")
    return Unread(name, wrong, pc.if_else(pa.array(wrong), why, pa.scalar(None, pa.string())))
