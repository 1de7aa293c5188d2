"""A table of text cells to one of typed ones, a group of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.cells.kinds import Kind, holds_words, kind_of
from service.domain.cells.readers import why_not
from service.domain.cells.written import TextStyle
from service.reading.arrow.cells import read_cells
from service.reading.arrow.types import stored_type
from workers.ingest.readers.careful import LINE
from workers.ingest.readers.missing import MissingWords
from workers.ingest.typing.spelling import Spelling

UNFIT = "the cell does not fit its column"
BATCH_CELLS = 1_000_000
GROUP_BYTES = 32 * 1024 * 1024
GROUP_ROWS = 122_880  # as DuckDB's

# (line, column, reason) of a row that does not fit
MisfitCell = tuple[int, str, str]


def batches(path: Path, names: Sequence[str]) -> Iterator[Any]:
    """The rows of a Parquet file in order, of these columns, in batches of bounded size."""
    with pq.ParquetFile(path) as file:
        rows = max(1, min(65_536, BATCH_CELLS // max(1, len(names))))
        yield from file.iter_batches(batch_size=rows, columns=list(names))


def write_typed(
    raw: Path,
    target: Path,
    stored: Mapping[str, Kind],
    kinds: Mapping[str, Kind],
    style: TextStyle,
    most: int,
    check: Callable[[], None],
    spelling: Spelling | None = None,
    missing: MissingWords | None = None,
) -> list[MisfitCell]:
    """Write the table without the rows that do not fit; of these the first `most` + 1. `stored` are the kinds of
    `raw`'s columns; where it has no lines, those of the misfits are 0. `spelling` counts the words for true and false,
    `missing` those for a missing cell."""
    misfits: list[MisfitCell] = []
    names = list(kinds)
    schema = pa.schema([(name, stored_type(kind)) for name, kind in kinds.items()])
    with pq.ParquetFile(raw) as file:
        has_lines = LINE in file.schema_arrow.names
    waiting: list[Any] = []
    with pq.ParquetWriter(target, schema, compression="snappy") as writer:
        for batch in batches(raw, [LINE, *names] if has_lines else names):
            columns, wrong = [], {}
            for name, kind in kinds.items():
                cells = batch.column(name)
                if holds_words(stored[name]):
                    if spelling is not None and kind_of(kind).holds == "truths":
                        spelling.count(name, cells)
                    texts = cells
                    cells, bad = read_cells(name, kind, style, texts)
                    if missing is not None:
                        missing.count(name, texts, cells, bad, style)
                    if bad is not None and pc.any(bad).as_py():
                        wrong[name] = bad
                columns.append(cells)
            made = pa.record_batch(columns, schema=schema)
            if wrong:
                lines = batch.column(LINE) if has_lines else pa.array([0] * len(batch), pa.int64())
                if len(misfits) <= most:
                    misfits += _misfits(batch, lines, wrong, kinds, style)
                made = made.filter(pc.invert(_any(list(wrong.values()))))
            waiting.append(made)
            if sum(one.nbytes for one in waiting) > GROUP_BYTES or sum(map(len, waiting)) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting = []
            check()
            if len(misfits) > most:
                break
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))
    return misfits


def _any(masks: Sequence[Any]) -> Any:
    whole = masks[0]
    for mask in masks[1:]:
        whole = pc.or_(whole, mask)
    return whole


def _misfits(
    batch: Any, lines: Any, wrong: Mapping[str, Any], kinds: Mapping[str, Kind], style: TextStyle
) -> list[MisfitCell]:
    """Each bad row of a batch, by its first bad cell."""
    found: dict[int, MisfitCell] = {}
    for name, mask in wrong.items():
        for row in pc.indices_nonzero(mask).to_pylist():
            if row not in found:
                cell = batch.column(name)[row].as_py()
                found[row] = (lines[row].as_py(), name, why_not(name, kinds[name], style, cell) or UNFIT)
    return [found[row] for row in sorted(found)]
