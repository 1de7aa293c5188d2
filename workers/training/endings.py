"""How a run ends: whatever stops it ends the job with a reason that a user understands, or gives it back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import structlog

from service.domain.columns import CellInvalid
from service.domain.curvature import Curvature
from service.domain.lifecycle import JobState
from service.domain.rates import safe_rate
from service.domain.spec import TrainingSpec
from service.errors import DatasetNotFound, StorageDamaged, StorageFull, Unavailable, WorkFailed
from service.store import jobs
from service.store.jobs import NOTHING_KEPT
from service.store.session import now
from service.store.tables import JobRow, Json
from service.wiring import Deps
from workers.explain.descent import guides
from workers.lease import Cancelled, Lease, LeaseLost, WorkerStopping
from workers.training.record import forget_blob

log = structlog.get_logger(__name__)


@contextlib.contextmanager
def ends_recorded(deps: Deps, lease: Lease[JobRow]) -> Iterator[None]:
    """Whatever ends the run ends the job, or gives it back."""
    job = lease.row
    try:
        yield
    except LeaseLost:
        log.warning("lease lost", job=job.id)
    except WorkerStopping:
        told: Json = {"state": "queued", "reason": lease.why_given_back}
        if lease.give_back(lambda session: jobs.append_event(session, job.id, "state", told)):
            log.info("given back", job=job.id, reason=lease.why_given_back)
        else:  # cancelled since the last heartbeat
            _end(deps, job, "cancelled")
    except Cancelled:
        _end(deps, job, "cancelled")
    except WorkFailed as error:
        _end(deps, job, "failed", {"code": error.reason, "detail": error.detail})
    except (CellInvalid, StorageDamaged, StorageFull, DatasetNotFound) as error:
        code = "missing_values" if isinstance(error, CellInvalid) else error.code
        _end(deps, job, "failed", {"code": code, "detail": error.detail})
    except Unavailable as error:  # left to its lease: the sweeper frees it, and counts the attempt
        log.warning("job interrupted", job=job.id, error=error.detail)
    except MemoryError:
        _end(deps, job, "failed", {"code": "out_of_memory", "detail": f"{_what(job)} needs more memory than there is"})
    except Exception as error:
        log.exception("job broke", job=job.id)
        unknown = f"an error that Adaline does not know ({type(error).__name__})"
        detail = f"{_what(job)} met {unknown}; the worker's log has it"
        _end(deps, job, "failed", {"code": "internal", "detail": detail})


def _what(job: JobRow) -> str:
    return "training" if job.kind == "train" else "the job"


def _end(deps: Deps, job: JobRow, state: JobState, error: dict[str, str] | None = None) -> None:
    with deps.database.write() as session:
        kept = jobs.get(session, job.id).checkpoint_key if job.kind == "train" else None
        moved = jobs.move(
            session, job.id, state, job.fence, error=error, finished_at=now(), lease_until=None, **NOTHING_KEPT
        )
    if not moved:
        log.warning("lease lost", job=job.id)
        return
    if kept is not None:
        forget_blob(deps, kept)
    deps.changes.publish(job.id)
    log.info("job ended", job=job.id, state=state, **(error or {}))


def explained(error: WorkFailed, spec: TrainingSpec, found: Curvature | None, rows: int) -> WorkFailed:
    """A divergence with the bound that the data's curvature sets, and a learning rate that works. `spec` is settled;
    errors of another kind stay as they are."""
    rate = spec.optimizer.learning_rate
    if error.reason != "diverged" or found is None or rate == "auto":
        return error
    works = safe_rate(spec, found, rows)
    guide = ", as a guide" if guides(spec, rows) else ""
    return WorkFailed(
        "diverged",
        f"{error.detail}: the learning rate {rate:.4g} is too large; full-batch descent on this data is stable below "
        f'{found.stable_learning_rate:.4g}{guide}; use "optimizer": {{"kind": "{spec.optimizer.kind}", '
        f'"learning_rate": {works:.3g}}}, or "auto"',
    )
