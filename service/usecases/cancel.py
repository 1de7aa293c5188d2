"""Cancel a job: at once while nobody works on it, at its next batch while it runs. Asking twice changes nothing."""

from __future__ import annotations

from service.changes import Changes
from service.domain.jobs.lifecycle import is_terminal
from service.errors import IllegalMove
from service.store import jobs
from service.store.jobs import NOTHING_KEPT
from service.store.session import Database, now
from service.store.tables import JobRow


def cancel(database: Database, changes: Changes, owner: str, id: str) -> JobRow:
    """The owner's job, as it is then. Raises JobNotFound; IllegalMove for a job that has ended otherwise."""
    with database.write(frees_room=True) as session:
        job = jobs.get(session, owner, id, for_change=True)
        if job.state in ("cancelling", "cancelled"):
            return job
        if is_terminal(job.state):
            raise IllegalMove(f"job {id} has already {job.state}; it cannot be cancelled")
        if job.state == "queued" or (job.state == "paused" and job.lease_until is None):
            jobs.move(session, id, "cancelled", finished_at=now(), **NOTHING_KEPT)
        else:
            jobs.move(session, id, "cancelling")
        session.refresh(job)
    changes.publish(id)
    return job
