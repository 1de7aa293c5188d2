"""A few rows of a stored table, as JSON. pyarrow is imported on first use: the API starts without it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from service.domain.plain import rfc3339
from service.errors import FileNotFound
from service.store.blobs.store import Blobs

AT_ONCE = 2**20  # cells that are decoded at once, of at most BATCH rows
BATCH = 8192
MOST_CELLS = 2**18  # of an answer: a thousand rows of 262 columns; what is beyond is for the next request,
MOST_BYTES = 32 * 1024 * 1024  # and of its texts


def stored_rows(blobs: Blobs, key: str, offset: int, limit: int) -> dict[str, Any]:
    """{"columns", "data", "has_more"}: rows from `offset`, at least one, and fewer than `limit` where they are long or
    wide; only the row groups that hold them are read."""
    import pyarrow.parquet as pq

    try:
        with blobs.local(key) as path, pq.ParquetFile(path) as file:
            rows = _rows(file, offset, limit)
            total = file.metadata.num_rows
            return {"columns": file.schema_arrow.names, "data": rows, "has_more": offset + len(rows) < total}
    except KeyError:
        raise FileNotFound("this table has just been deleted") from None


def _rows(file: Any, offset: int, limit: int) -> list[list[Any]]:
    n_columns = max(1, len(file.schema_arrow.names))
    limit, at_once = min(limit, max(1, MOST_CELLS // n_columns)), min(BATCH, max(1, AT_ONCE // n_columns))
    first = 0
    rows: list[list[Any]] = []
    size = 0
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if first + count > offset and len(rows) < limit:
            skip = max(0, offset - first)
            for batch in file.iter_batches(at_once, row_groups=[group], use_threads=False):
                part = batch.slice(min(skip, batch.num_rows), limit - len(rows))
                skip = max(0, skip - batch.num_rows)
                columns = [column.to_pylist() for column in part.columns]
                for row in zip(*columns, strict=True):
                    size += sum(len(cell) for cell in row if isinstance(cell, str))
                    if rows and size > MOST_BYTES:
                        return rows
                    rows.append([as_json(cell) for cell in row])
                if len(rows) >= limit:
                    break
        first += count
    return rows


def as_json(cell: Any) -> Any:
    """A cell of a table as JSON has it."""
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, datetime):
        return rfc3339(cell if cell.tzinfo else cell.replace(tzinfo=UTC))
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return float(cell)
    return cell
