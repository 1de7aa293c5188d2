"""A job that waits: claimed, run as its kind is, and ended. Whoever is woken looks here what there is to do."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from service.domain.jobs.lanes import LONG
from service.errors import QueueUnavailable
from service.metrics import metrics
from service.queue import TRAIN
from service.store import jobs
from service.store.steering.turns import claim_next
from service.store.tables import JobRow
from service.wiring import Deps
from workers.endings import ends_recorded
from workers.jobs.compare import compare
from workers.jobs.endings import JobEnding, count_end
from workers.jobs.predict import predict
from workers.jobs.train import train
from workers.lane import here
from workers.lease import Lease, claimed
from workers.training.threads import use_one_thread

log = structlog.get_logger(__name__)

RUNS: dict[str, Callable[[Deps, Lease[JobRow]], None]] = {
    "train": train,
    "descent-comparison": compare,
    "predict": predict,
}


def run(deps: Deps, id: str, lane: str | None = None) -> None:
    """Run the job whose turn it is in this `lane`; without one, the job of this id. Does nothing when there is nothing
    to do."""
    use_one_thread()

    def next_of(session: Session) -> JobRow | None:
        settings = deps.settings
        return claim_next(session, lane or LONG, settings.lease_seconds, here.name, settings.owner_running_jobs)

    with claimed(deps, JobRow, id, jobs.begin, None if lane is None else next_of) as lease:
        if lease is not None:
            deps.changes.publish(lease.row.id)
            _count_wait(lease.row)
            ending = JobEnding(deps, lease)
            with ends_recorded(lease, ending.what, ending):
                RUNS[lease.row.kind](deps, lease)
                count_end(lease, "succeeded")
    if lease is not None and lease.may_hold_others_up:
        wake_others(deps, lease.row.owner)


def wake_others(deps: Deps, owner: str) -> None:
    """A job has ended of an owner of whom only so many may run: the wake-ups for others may have come to nothing."""
    with deps.database.read() as session:
        waiting = jobs.first_waiting(session, owner)
    try:
        for id, lane in waiting:
            deps.queue.send(TRAIN, id, lane)
    except QueueUnavailable as error:  # the sweeper does it later
        log.warning("no other job was woken", owner=owner, error=str(error))


def _count_wait(job: JobRow) -> None:
    if job.attempt == 1 and job.started_at is not None and not job.worked_seconds:
        waited = (job.started_at - job.created_at).total_seconds()
        metrics().job_wait_seconds.labels(job.kind).observe(max(waited, 0.0))
