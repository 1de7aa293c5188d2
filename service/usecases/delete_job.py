"""Delete a job that has ended: its record, its events and its result go; a version that it has published stays."""

from __future__ import annotations

from service.changes import Changes
from service.domain.jobs.lifecycle import is_terminal
from service.errors import IllegalMove
from service.store import jobs
from service.store.session import Database


def delete_job(database: Database, changes: Changes, owner: str, id: str) -> None:
    """The bytes of a result go with the next tidying, unless something else has the same. Raises JobNotFound;
    IllegalMove for a job that has not ended."""
    with database.write(frees_room=True) as session:
        job = jobs.get(session, owner, id, for_change=True)
        if not is_terminal(job.state):
            way = "wait for its end" if job.state == "cancelling" else f"cancel it first (POST /v1/jobs/{id}/cancel)"
            raise IllegalMove(f"job {id} is {job.state}, and only jobs that have ended can be deleted; {way}")
        jobs.delete(session, id)
    changes.publish(id)
