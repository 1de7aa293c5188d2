"""How an installation is, in one look: for the person who keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from sqlalchemy import select

from service.domain.jobs.lanes import LANES
from service.errors import QueueUnavailable
from service.queue import INGEST, TRAIN, Queue
from service.store import datasets, jobs, work
from service.store.blobs.disk import DiskBlobs
from service.store.blobs.store import Blobs
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow, Json
from service.usecases.keeping.usage import usage
from service.usecases.steering.workers import Worker, workers

FAILED_WITHIN = timedelta(days=1)
MOST_FAILURES = 1000  # that are looked at


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What waits for a queue's workers. `messages` is None where the broker does not answer."""

    queue: str
    waiting: int
    oldest_seconds: float
    messages: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Jobs and uploads that failed within a day with the same code, and the newest of them."""

    code: str
    count: int
    newest: str
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    adaline: str
    revision: str
    jobs: Mapping[str, int]
    datasets: Mapping[str, int]
    queues: tuple[QueueStatus, ...]
    workers: tuple[Worker, ...]
    failures: tuple[Failure, ...]
    bytes: Mapping[str, int]
    unused_bytes: int
    free_bytes: int | None
    """Of the disk that blobs lie on; None where that is another's."""
    moment: datetime


def status(database: Database, blobs: Blobs, queue: Queue) -> Status:
    """Raises DatabaseUnavailable."""
    from service.store.migrate import current  # alembic is no part of what an API needs to start

    stored = usage(database, blobs)
    moment = now()
    with database.read() as session:
        revision = current(session.connection())
        by_state: dict[str, int] = {}
        for (_, state), count in jobs.count_by_state(session).items():
            by_state[state] = by_state.get(state, 0) + count
        of_datasets = datasets.count_by_state(session)
        lanes = {TRAIN: work.waiting_by_lane(session, JobRow), INGEST: work.waiting_by_lane(session, DatasetRow)}
        try:
            there = tuple(workers(session, queue))
        except QueueUnavailable:
            there = ()
        failed = select(JobRow.id, JobRow.error).where(
            JobRow.state == "failed", JobRow.finished_at >= moment - FAILED_WITHIN
        )
        broken = select(DatasetRow.id, DatasetRow.error).where(
            DatasetRow.state == "failed", DatasetRow.created_at >= moment - FAILED_WITHIN
        )
        failures = [
            (id, error or {})
            for query, by in ((failed, JobRow.id), (broken, DatasetRow.id))
            for id, error in session.execute(query.order_by(by.desc()).limit(MOST_FAILURES))
        ]
    queues = []
    for task, waiting in lanes.items():
        for lane in LANES:
            count, since = waiting.get(lane, (0, moment))
            name = task.queue_in(lane)
            queues.append(QueueStatus(name, count, max((moment - since).total_seconds(), 0.0), _length(queue, name)))
    return Status(
        adaline=version("adaline"),
        revision=revision or "",
        jobs=by_state,
        datasets=of_datasets,
        queues=tuple(queues),
        workers=there,
        failures=_by_code(failures),
        bytes=stored.by_kind,
        unused_bytes=stored.unused_bytes,
        free_bytes=shutil.disk_usage(blobs.spool).free if isinstance(blobs, DiskBlobs) else None,
        moment=moment,
    )


def _by_code(failures: list[tuple[str, Json]]) -> tuple[Failure, ...]:
    """The most frequent first; of each code the first that comes is told."""
    found: dict[str, Failure] = {}
    for id, error in failures:
        code = str(error.get("code", "unknown"))
        first = found.get(code)
        if first is None:
            found[code] = Failure(code, 1, id, str(error.get("detail", "")))
        else:
            found[code] = Failure(code, first.count + 1, first.newest, first.detail)
    return tuple(sorted(found.values(), key=lambda it: (-it.count, it.code)))


def _length(queue: Queue, name: str) -> int | None:
    try:
        return queue.length(name)
    except QueueUnavailable:
        return None
