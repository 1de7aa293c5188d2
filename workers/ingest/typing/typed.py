"""A table of text cells to one of typed ones, a group of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.cells.times import read_time
from service.domain.cells.written import TextStyle, read_boolean, read_number
from service.reading.cells import read_cells
from workers.ingest.readers.careful import LINE
from workers.ingest.readers.missing import MissingWords
from workers.ingest.typing.spelling import Spelling

STORED_AS = {"DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us"), "VARCHAR": pa.string()}
BATCH_CELLS = 1_000_000
GROUP_BYTES = 32 * 1024 * 1024
GROUP_ROWS = 122_880  # as DuckDB's

# (line, column, reason) of a row that does not fit
Misfit = tuple[int, str, str]


def batches(path: Path, names: Sequence[str]) -> Iterator[Any]:
    """The rows of a Parquet file in order, of these columns, in batches of bounded size."""
    with pq.ParquetFile(path) as file:
        rows = max(1, min(65_536, BATCH_CELLS // max(1, len(names))))
        yield from file.iter_batches(batch_size=rows, columns=list(names))


def write_typed(
    raw: Path,
    target: Path,
    stored: Mapping[str, str],
    types: Mapping[str, str],
    style: TextStyle,
    most: int,
    check: Callable[[], None],
    spelling: Spelling | None = None,
    missing: MissingWords | None = None,
) -> list[Misfit]:
    """Write the table without the rows that do not fit; of these the first `most` + 1. `stored` are the types of
    `raw`; where it has no lines, those of the misfits are 0. `spelling` counts the words for true and false,
    `missing` those for a missing cell."""
    misfits: list[Misfit] = []
    names = list(types)
    schema = pa.schema([(name, STORED_AS[type]) for name, type in types.items()])
    with pq.ParquetFile(raw) as file:
        has_lines = LINE in file.schema_arrow.names
    waiting: list[Any] = []
    with pq.ParquetWriter(target, schema, compression="snappy") as writer:
        for batch in batches(raw, [LINE, *names] if has_lines else names):
            columns, wrong = [], {}
            for name, type in types.items():
                cells = batch.column(name)
                if stored[name] == "VARCHAR":
                    if type == "BOOLEAN" and spelling is not None:
                        spelling.count(name, cells)
                    texts = cells
                    cells, bad = read_cells(name, type, style, texts)
                    if missing is not None:
                        missing.count(name, texts, cells, bad, style)
                    if bad is not None and pc.any(bad).as_py():
                        wrong[name] = bad
                columns.append(cells)
            made = pa.record_batch(columns, schema=schema)
            if wrong:
                lines = batch.column(LINE) if has_lines else pa.array([0] * len(batch), pa.int64())
                if len(misfits) <= most:
                    misfits += _misfits(batch, lines, wrong, types, style)
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
    batch: Any, lines: Any, wrong: Mapping[str, Any], types: Mapping[str, str], style: TextStyle
) -> list[Misfit]:
    """Each bad row of a batch, by its first bad cell."""
    found: dict[int, Misfit] = {}
    for name, mask in wrong.items():
        for row in pc.indices_nonzero(mask).to_pylist():
            if row not in found:
                cell = batch.column(name)[row].as_py()
                found[row] = (lines[row].as_py(), name, _reason(cell, name, types[name], style))
    return [found[row] for row in sorted(found)]


def _reason(cell: str, name: str, type: str, style: TextStyle) -> str:
    try:
        if type == "DOUBLE":
            read_number(cell, style.decimal_of(name), style.mark_of(name))
        elif type == "BOOLEAN":
            read_boolean(cell)
        else:
            read_time(cell, style.order_of(name))
    except ValueError as error:
        return str(error)
    return "the cell does not fit its column"
