"""Pause a job, which at its next batch is saved and frees its worker, and resume it. Asking twice changes nothing.

A paused job that a worker still holds runs on when it is resumed; any other waits in line again. Either way it ends in
the same bits as one that nobody paused, and no attempt is spent.
"""

from __future__ import annotations

from service.changes import Changes
from service.domain.jobs.lifecycle import is_terminal
from service.errors import IllegalMove
from service.queue import TRAIN, Queue
from service.store import jobs
from service.store.session import Database, now
from service.store.tables import JobRow
from service.usecases.start import wake


def pause(database: Database, changes: Changes, owner: str, id: str) -> JobRow:
    """The job as it is after the request; `lease_until` is None once no worker holds it. Raises JobNotFound;
    IllegalMove for a job that has ended or is being cancelled."""
    with database.write() as session:
        job = jobs.get(session, owner, id, for_change=True)
        _check_goes_on(job, "paused")
        if job.state == "paused":
            return job
        jobs.move(session, id, "paused")
        session.refresh(job)
    changes.publish(id)
    return job


def resume(database: Database, queue: Queue, changes: Changes, owner: str, id: str) -> JobRow:
    """The job as it is after the request: queued, or running where it was not paused or has not stopped yet. Raises
    JobNotFound; IllegalMove for a job that has ended or is being cancelled."""
    with database.write() as session:
        job = jobs.get(session, owner, id, for_change=True)
        _check_goes_on(job, "resumed")
        if job.state != "paused":
            return job
        waits = job.lease_until is None
        if waits:
            jobs.move(session, id, "queued", sent_at=now())
        else:
            jobs.move(session, id, "running")
        session.refresh(job)
    if waits:
        wake(database, queue, TRAIN, JobRow, id, job.lane)
    changes.publish(id)
    return job


def _check_goes_on(job: JobRow, asked: str) -> None:
    if is_terminal(job.state) or job.state == "cancelling":
        why = "is being cancelled" if job.state == "cancelling" else f"has already {job.state}"
        raise IllegalMove(f"job {job.id} {why}; it cannot be {asked}. To run it again, submit its spec anew")
