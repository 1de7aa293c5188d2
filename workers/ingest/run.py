"""The story of one dataset: uploaded bytes become a typed table with a profile and rejects, or a reason why not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from service.domain.model.artifact import to_json
from service.errors import StorageDamaged, StorageFull, Unavailable, WorkFailed
from service.settings import Settings
from service.store import datasets
from service.store.blobs.failing import failing_disk_named
from service.store.tables import DatasetRow
from service.wiring import Deps
from workers.ingest.load import load
from workers.ingest.parquet import load_parquet
from workers.ingest.profiling.profile import profile
from workers.ingest.readers.duck import Opening, database
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.rejects import rejects_csv
from workers.ingest.typing.notes import noted
from workers.lease import Lease, LeaseLost, WorkerStopping, claimed

log = structlog.get_logger(__name__)
PARQUET = "application/vnd.apache.parquet"


def run(deps: Deps, id: str) -> None:
    """Ingest a dataset that waits; does nothing when it does not."""
    with claimed(deps, DatasetRow, id) as lease:
        if lease is None:
            return
        try:
            with failing_disk_named():
                made = _ingest(deps, lease)
            lease.write(state="ready", lease_until=None, error=None, **made)
            log.info("dataset ready", dataset=id)
        except LeaseLost:
            log.warning("lease lost", dataset=id)
        except WorkerStopping:
            lease.give_back()
        except (WorkFailed, StorageDamaged, StorageFull) as error:
            lease.write(state="failed", lease_until=None, error={"code": error.code, "detail": error.detail})
            log.info("dataset failed", dataset=id, code=error.code, detail=error.detail)
        except Unavailable as error:  # left to its lease: the sweeper frees it, and counts the attempt
            log.warning("ingest interrupted", dataset=id, error=error.detail)
        except Exception as error:
            log.exception("ingest broke", dataset=id)
            lease.write(state="failed", lease_until=None, error=_broken(error))


def _ingest(deps: Deps, lease: Lease[DatasetRow]) -> dict[str, Any]:
    """The columns of the dataset's row once it is ready. Raises WorkFailed."""
    row, settings = lease.row, deps.settings
    read = load_parquet if row.media_type == PARQUET else load
    threads = os.cpu_count() or 1
    with deps.blobs.workspace() as directory, _source(deps, row) as source, deps.blobs.writer() as table:
        duck = opening(settings, directory, source)
        loaded = read(duck, directory, source, row.options, FileLimits.of(settings), lease.check, threads)
        lease.check()
        table.take(loaded.path)
        with ThreadPoolExecutor(1, thread_name_prefix="seal") as beside:
            sealed = beside.submit(table.seal)
            found_out = profile(table.path, loaded.kinds, loaded.declared, settings.max_classes, threads, lease.check)
            sealed.result()
        columns = noted(found_out.table.columns_json(), loaded.notes)
        gram_key = deps.blobs.put(found_out.gram.to_bytes()).key if found_out.gram else None
        described = found_out.to_json(gram_key)
        described["columns"] = noted(described["columns"], loaded.notes, loaded.counted)
        return {
            "rows": loaded.rows,
            "rejected_rows": len(loaded.rejects),
            "dialect": loaded.dialect_json(),
            "columns": columns,
            "table_key": table.commit().key,
            "profile_key": deps.blobs.put(to_json(described)).key,
            "gram_key": gram_key,
            "rejects_key": deps.blobs.put(rejects_csv(loaded.rejects)).key if loaded.rejects else None,
        }


@contextlib.contextmanager
def _source(deps: Deps, row: DatasetRow) -> Iterator[Path]:
    """The uploaded file. Raises StorageDamaged."""
    with contextlib.ExitStack() as stack:
        with datasets.part_named(row, "uploaded file"):
            path = stack.enter_context(deps.blobs.local(row.sha256))
        yield path


def opening(settings: Settings, directory: Path, source: Path) -> Opening:
    """How DuckDB is opened for one file, if it is needed."""
    return partial(database, directory, source, settings.ingest_memory_bytes, os.cpu_count() or 1)


def _broken(error: Exception) -> dict[str, str]:
    return {
        "code": "internal",
        "detail": f"ingest met an error that Adaline does not know ({type(error).__name__}); the worker's log has it",
    }
