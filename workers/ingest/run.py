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
from service.metrics import metrics
from service.settings import Settings
from service.store import datasets
from service.store.blobs.failing import failing_disk_named
from service.store.blobs.spool import BlobWriter
from service.store.blobs.store import Blobs
from service.store.tables import DatasetRow
from service.wiring import Deps
from workers.endings import FailureTold, ends_recorded
from workers.ingest.load import load
from workers.ingest.loaded import Loaded
from workers.ingest.parquet import load_parquet
from workers.ingest.profiling.profile import Profile, profile
from workers.ingest.readers.duck import Opening, database
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.rejects import rejects_csv
from workers.ingest.typing.notes import noted
from workers.lease import Lease, claimed

log = structlog.get_logger(__name__)
PARQUET = "application/vnd.apache.parquet"


def run(deps: Deps, id: str) -> None:
    """Ingest a dataset that waits; does nothing when it does not."""
    with claimed(deps, DatasetRow, id) as lease:
        if lease is not None:
            with ends_recorded(lease, "ingest", DatasetEnding(lease)):
                made = _ingest(deps, lease)
                lease.write(state="ready", lease_until=None, error=None, **made)
                metrics().ingested_rows.inc(made["rows"])
                metrics().ingested_bytes.inc(lease.row.bytes)
                log.info("dataset ready", dataset=id)


class DatasetEnding:
    """How the ingest of a dataset ends, under its lease; see `workers.endings`."""

    def __init__(self, lease: Lease[DatasetRow]) -> None:
        self._lease = lease

    def fail(self, error: FailureTold) -> None:
        self._lease.write(state="failed", lease_until=None, error=error)
        log.info("dataset failed", dataset=self._lease.row.id, **error)

    def cancel(self) -> None:
        """No ingest is cancelled."""

    def give_back(self) -> None:
        self._lease.give_back()


@failing_disk_named()
def _ingest(deps: Deps, lease: Lease[DatasetRow]) -> dict[str, Any]:
    """The columns of the dataset's row once it is ready. Raises WorkFailed, StorageDamaged, StorageFull."""
    row, settings, threads = lease.row, lease.settings, os.cpu_count() or 1
    read = load_parquet if row.media_type == PARQUET else load
    with deps.blobs.workspace() as directory, _source(deps, row) as source, deps.blobs.writer() as table:
        duck = opening(settings, directory, source)
        loaded = read(duck, directory, source, row.options, FileLimits.of(settings), lease.check, threads)
        lease.check()
        table.take(loaded.path)
        with ThreadPoolExecutor(1, thread_name_prefix="seal") as beside:
            sealed = beside.submit(table.seal)
            figures = profile(table.path, loaded.kinds, loaded.declared, settings.max_classes, threads, lease.check)
            sealed.result()
        return _kept(deps.blobs, table, loaded, figures)


def _kept(blobs: Blobs, table: BlobWriter, loaded: Loaded, figures: Profile) -> dict[str, Any]:
    """What was made, stored and named."""
    gram_key = blobs.put(figures.gram.to_bytes()).key if figures.gram else None
    described = figures.to_json(gram_key)
    described["columns"] = noted(described["columns"], loaded.notes, loaded.counted)
    return {
        "rows": loaded.rows,
        "rejected_rows": len(loaded.rejects),
        "dialect": loaded.dialect_json(),
        "columns": noted(figures.table.columns_json(), loaded.notes),
        "table_key": table.commit().key,
        "profile_key": blobs.put(to_json(described)).key,
        "gram_key": gram_key,
        "rejects_key": blobs.put(rejects_csv(loaded.rejects)).key if loaded.rejects else None,
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
