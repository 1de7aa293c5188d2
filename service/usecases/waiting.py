"""Why a job waits: its place in the line of its lane, and whether anybody takes jobs from there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from service.errors import QueueUnavailable
from service.queue import TRAIN, Queue
from service.store.steering import turns
from service.store.tables import JobRow

MOST = turns.MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Waiting:
    """`before` jobs of the lane wait too and go first, by priority and in fairness to all owners, and `running` jobs
    run; both up to MOST."""

    lane: str
    before: int
    running: int
    why: str


def waiting(session: Session, queue: Queue, job: JobRow) -> Waiting | None:
    """What a queued job waits for; None for any other."""
    if job.state != "queued":
        return None
    found = turns.place(session, job)
    return Waiting(job.lane, found.before, found.running, _why(queue, job, found))


def _why(queue: Queue, job: JobRow, found: turns.Place) -> str:
    try:
        is_served = queue.served()[TRAIN.queue_in(job.lane)]
    except QueueUnavailable:
        return "the queue does not answer; the job is kept, and sent once it does"
    if not is_served:
        return f"no worker takes {job.lane} jobs right now; check /readyz, and start a worker"
    runs = f"{_counted(found.running)} job(s) run now"
    if found.before:
        return f"{_counted(found.before)} {job.lane} job(s) go first, by priority and owners' turns; {runs}"
    if job.sent_at is None:
        return f"it is about to be sent to the queue of {job.lane} jobs; {runs}"
    return f"it is the next {job.lane} job, and starts as soon as a process is free; {runs}"


def _counted(number: int) -> str:
    return f"{MOST:,} or more" if number >= MOST else str(number)
