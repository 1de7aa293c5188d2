"""Jobs to disturb, and processes to disturb them in."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.cells.table import Column, Table
from service.domain.model.artifact import WEIGHTS
from service.settings import Settings
from service.store import jobs, models
from service.store.session import new_id, now
from service.store.tables import DatasetRow, JobRow
from service.usecases.submit import submit
from service.wiring import Deps, wire

PATIENCE_SECONDS = 90.0  # for a loaded machine, on which a process takes long to start
ROWS = 400
# many small steps of torch: an epoch takes some hundredths of a second, the job a few seconds
SLOW = {
    "target": "y", "network": {"kind": "mlp", "hidden": [8]}, "optimizer": {"kind": "adam", "learning_rate": 0.001},
    "batch_size": 4, "epochs": 100, "early_stopping": None, "schedule": "cosine", "engine": "autograd",
}  # fmt: skip


def add_dataset(deps: Deps, rows: int = ROWS, more: int = 0) -> str:
    """A ready dataset: `y` is a curve in `a` and `b`; `more` columns are noise."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=rows), generator.normal(size=rows)
    out = io.BytesIO()
    noise = {f"n{number}": generator.normal(size=rows) for number in range(more)}
    pq.write_table(pa.table({"a": a, "b": b, **noise, "y": np.sin(2 * a) * b}), out)
    table = Table(rows, tuple(Column(name, "numeric", 0, rows) for name in ("a", "b", *noise, "y")))
    row = DatasetRow(
        id=new_id("ds"), name="curve", state="ready", fingerprint=new_id("print"), sha256="0" * 64, bytes=1,
        media_type="text/csv", options={}, rows=rows, rejected_rows=0, columns=table.columns_json(),
        table_key=deps.blobs.put(out.getvalue()).key, created_at=now(),
    )  # fmt: skip
    with deps.database.write() as session:
        session.add(row)
    return row.id


def add_job(deps: Deps, dataset: str, model: str = "m", **changes: Any) -> str:
    body = {"dataset": dataset, "model": model, **SLOW, **changes}
    return submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {"id": job.id}).job_id


def job_of(deps: Deps, id: str) -> JobRow:
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def events_of(deps: Deps, id: str) -> list[dict[str, Any]]:
    with deps.database.read() as session:
        return [{"type": event.type, **event.data} for event in jobs.events_after(session, id, 0, 10_000)]


def weights_of(deps: Deps, id: str) -> str:
    """The hash of the weights that a job has published."""
    job = job_of(deps, id)
    assert job.state == "succeeded", job.error
    assert job.model_version is not None
    with deps.database.read() as session:
        return str(
            models.get_version(session, DEFAULT_OWNER, job.model_name, job.model_version).files[WEIGHTS]["sha256"]
        )


def versions_of(deps: Deps, model: str = "m") -> list[int]:
    with deps.database.read() as session:
        known = models.newest_versions(session, DEFAULT_OWNER, [model])
        return [row.version for row in models.versions(session, DEFAULT_OWNER, model, 100, None).data] if known else []


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s"
        time.sleep(0.02)


def wait_for_epoch(deps: Deps, id: str, epoch: int) -> None:
    """Until the job has saved its progress and has come to this epoch."""

    def is_there() -> bool:
        job = job_of(deps, id)
        assert job.state in ("queued", "running"), job.error
        return job.checkpoint_key is not None and (job.progress or {}).get("epoch", 0) >= epoch

    wait_until(is_there, f"epoch {epoch}")


def wait_for_lease_to_end(deps: Deps, id: str) -> None:
    def has_ended() -> bool:
        until = job_of(deps, id).lease_until
        return until is not None and until < now()

    wait_until(has_ended, "the end of the lease")


@contextmanager
def worker(settings: Settings, id: str) -> Iterator[BaseProcess]:
    """A process of its own that runs the job; killed at the end if it still lives."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workers.jobs.dispatch"])  # torch is imported once, not in every process
    process = context.Process(target=_work, args=(settings, id), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def pause(process: BaseProcess, deps: Deps) -> None:
    """Stop a process between two transactions: within one it would keep SQLite's only lock while it sleeps."""
    pid, path = process.pid or 0, deps.settings.data / "adaline.db"
    while True:
        os.kill(pid, signal.SIGSTOP)
        with closing(sqlite3.connect(path, timeout=0.05)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.01)


def _work(settings: Settings, id: str) -> None:
    from workers.jobs.dispatch import run

    deps = wire(settings)
    run(deps, id)
    deps.close()
