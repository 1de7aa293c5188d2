"""Rows that the contract tests start from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import update

from service.store.session import Database, new_id, now
from service.store.tables import DatasetRow, JobRow

T = TypeVar("T")
COLUMNS = [
    {"name": "x", "kind": "numeric", "nulls": 0, "distinct": 90, "minimum": 0.0, "maximum": 1.0},
    {"name": "y", "kind": "numeric", "nulls": 0, "distinct": 100, "minimum": 0.5, "maximum": 9.5},
]


def add_job(database: Database, **values: Any) -> str:
    """A queued job."""
    id = new_id("job")
    row = JobRow(
        **{
            "id": id, "kind": "train", "state": "queued", "spec": {}, "dataset_id": "ds_1", "model_name": "m",
            "created_at": now(), **values,
        }
    )  # fmt: skip
    with database.write() as session:
        session.add(row)
    return row.id


def add_dataset(database: Database, **values: Any) -> str:
    """A dataset that waits to be ingested."""
    id = new_id("ds")
    row = DatasetRow(
        **{
            "id": id, "name": "d", "state": "ingesting", "fingerprint": id, "sha256": "0" * 64, "bytes": 10,
            "media_type": "text/csv", "options": {}, "created_at": now(), **values,
        }
    )  # fmt: skip
    with database.write() as session:
        session.add(row)
    return id


def add_ready_dataset(database: Database) -> str:
    """A dataset of 100 rows that can be trained on: `x` and a target `y`."""
    return add_dataset(database, state="ready", rows=100, rejected_rows=0, columns=COLUMNS)


def expire(database: Database, table: type[Any], id: str) -> None:
    """Let the lease on a row run out."""
    with database.write() as session:
        session.execute(update(table).where(table.id == id).values(lease_until=now() - timedelta(seconds=1)))


def at_once(count: int, call: Callable[[int], T]) -> list[T]:
    """What `call(0)` … `call(count - 1)` give, each in its own thread, started together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> T:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as threads:
        return [future.result() for future in [threads.submit(run, number) for number in range(count)]]
