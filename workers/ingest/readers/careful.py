"""The careful reader: any CSV, record by record, to a Parquet of text cells beside the line of each row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.reading.dialect import Dialect
from service.reading.arrow.types import WORD
from service.reading.records import records
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.rejects import Reject, refuse_too_many

LINE = "\x1fline"  # no column can have this name: blanks around names are removed, and this is one
CHUNK_CELLS = 200_000
CHUNK_BYTES = 16 * 1024 * 1024
GROUP_BYTES = 32 * 1024 * 1024  # of Parquet: small groups of many columns would be mostly their description
GROUP_ROWS = 122_880  # as DuckDB's


def read_carefully(
    source: Path, target: Path, dialect: Dialect, names: Sequence[str], limits: FileLimits, check: Callable[[], None]
) -> list[Reject]:
    """Write the rows as text, with their lines; the rejects. `check` is called between chunks. Raises WorkFailed."""
    schema = pa.schema([(LINE, pa.int64()), *((name, WORD) for name in names)])
    rejects: list[Reject] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    most_rows = max(1, min(20_000, CHUNK_CELLS // len(names)))
    group: list[pa.RecordBatch] = []
    done = size = 0
    with pq.ParquetWriter(target, schema, compression="snappy") as writer:

        def flush() -> None:
            nonlocal done, size
            columns = [pa.array(cells, WORD) for cells in zip(*rows, strict=True)]
            group.append(pa.record_batch([pa.array(lines, pa.int64()), *columns], schema=schema))
            done += len(rows)
            limits.check_rows(done)
            rows.clear()
            lines.clear()
            size = 0
            if sum(one.nbytes for one in group) > GROUP_BYTES or sum(map(len, group)) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group, schema))
                group.clear()
            check()

        for record in records(source, dialect, len(names), limits.cell_bytes):
            if record.reason:
                rejects.append(Reject(record.line, "", record.reason, record.raw))
                refuse_too_many(rejects, limits.rejected_rows)
                continue
            rows.append(record.cells)
            lines.append(record.line)
            size += sum(map(len, record.lines))
            if len(rows) >= most_rows or size > CHUNK_BYTES:
                flush()
        if rows:
            flush()
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))
    return rejects


def raw_of(source: Path, dialect: Dialect, width: int, limits: FileLimits, lines: Collection[int]) -> dict[int, str]:
    """The text of the records that begin on these lines, as it stands in the file."""
    found: dict[int, str] = {}
    last = max(lines, default=0)
    for record in records(source, dialect, width, limits.cell_bytes):
        if record.line > last:
            break
        if record.line in lines:
            found[record.line] = record.raw
    return found
