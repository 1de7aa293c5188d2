"""Two small jobs on a table of no one's, in a store of their own that is gone afterwards: what libraries load and build
when they are first used is there before a user's first job."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.cells.table import Table
from service.domain.jobs.job_spec import read_job_spec, resolve_job
from service.store import jobs
from service.store.blobs.store import open_blobs
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow, Row
from service.tracing import untraced
from service.wiring import Deps
from workers.jobs.dispatch import run

ROWS = 64
DATASET = "ds_rehearsal"
NUMBERS = {"kind": "numeric", "nulls": 0, "distinct": ROWS, "minimum": -9.0, "maximum": 9.0, "whole": False}
WORDS = {"kind": "categorical", "nulls": 0, "distinct": 2}
COLUMNS: list[dict[str, Any]] = [{"name": name, **NUMBERS} for name in ("a", "b", "y")] + [{"name": "kind", **WORDS}]
BODIES: dict[str, dict[str, Any]] = {
    "job_line": {"target": "y"},
    "job_network": {"target": "kind", "network": {"kind": "mlp", "hidden": [2]}, "epochs": 2},
}


def rehearse(deps: Deps) -> list[str]:
    """Run the jobs as any others; how they ended. Raises OSError and AdalineError where there is no disk for them."""
    log_level = logging.root.manager.disable
    logging.disable(logging.WARNING)  # nobody has submitted what would be told; how it ends is answered
    try:
        with untraced(), tempfile.TemporaryDirectory(prefix="adaline-rehearsal-") as directory:
            database = Database(f"sqlite:///{directory}/rehearsal.db")
            try:
                return _rehearse(replace(deps, database=database, blobs=open_blobs(Path(directory).as_uri())))
            finally:
                database.close()
    finally:
        logging.disable(log_level)


def _rehearse(deps: Deps) -> list[str]:
    Row.metadata.create_all(deps.database.engine)
    with deps.database.write() as session:
        session.add(_dataset(deps.blobs.put(_table()).key))
        for id, body in BODIES.items():
            spec = read_job_spec({"dataset": DATASET, "model": "rehearsal", **body})
            resolved = resolve_job(spec, Table.from_json(ROWS, COLUMNS), deps.limits).spec.to_json()
            session.add(_job(id, resolved))
    for id in BODIES:
        run(deps, id)
    with deps.database.read() as session:
        return [jobs.get(session, DEFAULT_OWNER, id).state for id in BODIES]


def _table() -> bytes:
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, ROWS))
    columns = {"a": a, "b": b, "y": a - b + 0.1 * draw.normal(size=ROWS), "kind": np.where(b > 0, "up", "down")}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _dataset(key: str) -> DatasetRow:
    return DatasetRow(
        id=DATASET,
        owner=DEFAULT_OWNER,
        name="rehearsal",
        state="ready",
        fingerprint=key,
        sha256=key,
        bytes=0,
        media_type="",
        options={},
        rows=ROWS,
        columns=COLUMNS,
        table_key=key,
        created_at=now(),
    )


def _job(id: str, spec: dict[str, Any]) -> JobRow:
    return JobRow(
        id=id,
        owner=DEFAULT_OWNER,
        kind="train",
        state="queued",
        spec=spec,
        dataset_id=DATASET,
        model_name="rehearsal",
        attempt=0,
        created_at=now(),
    )
