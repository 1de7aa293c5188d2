"""How a job ends that does not succeed: its row, its event, and what becomes of what was saved."""

from __future__ import annotations

import structlog

from service.domain.jobs.lifecycle import JobState
from service.metrics import metrics
from service.store import jobs
from service.store.jobs import NOTHING_KEPT
from service.store.session import now
from service.store.tables import JobRow
from service.wiring import Deps
from workers.endings import FailureTold
from workers.jobs.record.checkpoints import forget_blob
from workers.lease import Lease, LeaseLost

log = structlog.get_logger(__name__)


class JobEnding:
    """How a job ends, under its lease; see `workers.endings`."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self._deps, self._lease = deps, lease

    @property
    def what(self) -> str:
        """The job, in a sentence."""
        return "training" if self._lease.row.kind == "train" else "the job"

    def fail(self, error: FailureTold) -> None:
        self._end("failed", error)

    def cancel(self) -> None:
        self._end("cancelled")

    def give_back(self) -> None:
        id, reason = self._lease.row.id, self._lease.why_given_back
        state = self._lease.give_back(lambda session, state: jobs.let_go(session, id, state, reason))
        if state is not None:
            log.info("given back", job=id, state=state, reason=reason)
        else:  # cancelled since the last heartbeat
            self.cancel()

    def _end(self, state: JobState, error: FailureTold | None = None) -> None:
        deps, job = self._deps, self._lease.row
        ended = {"error": error, "finished_at": now(), "lease_until": None, **NOTHING_KEPT}
        with deps.database.write() as session:
            row = session.get(JobRow, job.id)  # None: somebody else has ended it, and deleted it
            kept = row.checkpoint_key if row is not None and job.kind == "train" else None
            if not jobs.move(session, job.id, state, job.fence, **ended):
                raise LeaseLost(job.id)
        if kept is not None:
            forget_blob(deps, kept)
        deps.changes.publish(job.id)
        count_end(self._lease, state)
        log.info("job ended", job=job.id, state=state, **(error or {}))


def count_end(lease: Lease[JobRow], state: JobState) -> None:
    """Count a job that has just ended in this state."""
    told = metrics()
    told.jobs_ended.labels(lease.row.kind, state).inc()
    told.job_seconds.labels(lease.row.kind).observe(lease.worked_seconds)
