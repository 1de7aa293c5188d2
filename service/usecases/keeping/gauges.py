"""What the database and the broker know, for Prometheus: read when it is asked for, and at most every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from service.domain.jobs.lanes import LANES
from service.domain.jobs.lifecycle import DATASET_STATES, JOB_KINDS, JOB_STATES
from service.errors import QueueUnavailable, StorageDamaged, StorageFull, Unavailable
from service.queue import INGEST, ROLES, TRAIN, Queue
from service.store import datasets, jobs, work
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow, ModelRow, VersionRow

FRESH_SECONDS = 5.0  # who asks more often is told the same again: counting jobs reads the whole index
QUEUES = [task.queue_in(lane) for task in (TRAIN, INGEST) for lane in LANES]


class Gauges(Collector):
    """Of one deployment: every API process tells the same."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database, self._queue = database, queue
        self._lock = threading.Lock()
        self._read_at = -FRESH_SECONDS
        self._found: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._found = [*self._of_database(), *self._of_broker()]
                self._read_at = time.monotonic()
            return self._found

    def _of_database(self) -> Iterator[Metric]:
        try:
            with self._database.read() as session:
                of_jobs, of_datasets = jobs.count_by_state(session), datasets.count_by_state(session)
                lanes = {
                    TRAIN: work.waiting_by_lane(session, JobRow),
                    INGEST: work.waiting_by_lane(session, DatasetRow),
                }
                models, versions = (
                    session.scalar(select(func.count()).select_from(it)) for it in (ModelRow, VersionRow)
                )
        except (Unavailable, StorageDamaged, StorageFull):
            yield _gauge("database_up", "Whether the database answers", {(): 0.0})
            return
        yield _gauge("database_up", "Whether the database answers", {(): 1.0})
        by_state: dict[tuple[str, ...], float] = {
            (kind, state): float(of_jobs.get((kind, state), 0)) for kind in JOB_KINDS for state in JOB_STATES
        }
        yield _gauge("jobs", "Jobs by kind and state", by_state, "kind", "state")
        yield _gauge(
            "datasets", "Datasets by state", _by_name(dict.fromkeys(DATASET_STATES, 0.0) | of_datasets), "state"
        )
        yield _gauge("models", "Models", {(): float(models or 0)})
        yield _gauge("versions", "Versions of all models", {(): float(versions or 0)})
        waiting, ages, moment = dict.fromkeys(QUEUES, 0.0), dict.fromkeys(QUEUES, 0.0), now()
        for task, in_lanes in lanes.items():
            for lane, (n, since) in in_lanes.items():
                waiting[task.queue_in(lane)] = float(n)
                ages[task.queue_in(lane)] = max((moment - since).total_seconds(), 0.0)
        yield _gauge("waiting", "Jobs and uploads that wait for a worker", _by_name(waiting), "queue")
        yield _gauge("oldest_waiting_seconds", "Age of the oldest that waits; 0: none", _by_name(ages), "queue")

    def _of_broker(self) -> Iterator[Metric]:
        try:
            lengths = {name: float(self._queue.length(name)) for name in QUEUES}
            served = self._queue.served()
        except QueueUnavailable:
            yield _gauge("broker_up", "Whether the broker answers", {(): 0.0})
            return
        yield _gauge("broker_up", "Whether the broker answers", {(): 1.0})
        yield _gauge("messages", "Messages in the queues of the broker", _by_name(lengths), "queue")
        roles = {role: float(served[role]) for role in ROLES}
        yield _gauge("workers_serve", "Whether some worker has a role", _by_name(roles), "role")


def _gauge(name: str, meaning: str, values: Mapping[tuple[str, ...], float], *labels: str) -> Metric:
    family = GaugeMetricFamily(f"adaline_{name}", meaning, labels=labels)
    for of_labels, value in values.items():
        family.add_metric(list(of_labels), value)
    return family


def _by_name(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): value for name, value in values.items()}
