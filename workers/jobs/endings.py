"""How a run ends: whatever stops it ends the job with a reason that a user understands, or gives it back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import structlog

from service.domain.cells.columns import CellInvalid
from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import safe_rate
from service.domain.jobs.lifecycle import JobState
from service.domain.spec.training import TrainingSpec
from service.errors import DatasetNotFound, StorageDamaged, StorageFull, Unavailable, WorkFailed
from service.store import jobs
from service.store.jobs import NOTHING_KEPT
from service.store.session import now
from service.store.tables import JobRow, Json
from service.wiring import Deps
from workers.explain.descent import guides
from workers.jobs.record import forget_blob
from workers.lease import Cancelled, Lease, LeaseLost, WorkerStopping
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices

FAR = 1e12  # in a learnt unit: on columns and targets of the size that training makes them no number is so large

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
        _end(deps, job, "failed", {"code": error.code, "detail": error.detail})
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
        row = session.get(JobRow, job.id)  # None: somebody else has ended it, and deleted it
        kept = row.checkpoint_key if row is not None and job.kind == "train" else None
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


def explained(
    error: WorkFailed, asked: TrainingSpec, spec: TrainingSpec, found: Curvature | None, prepared: Prepared
) -> WorkFailed:
    """A divergence with its cause: a number that is far from all others, else the learning rate, with the bound that
    the data's curvature sets and a rate that works. `asked` has the `auto`s that `spec` has settled; errors of another
    kind stay as they are."""
    if error.code != "diverged":
        return error
    if far := _far(prepared):
        return WorkFailed("diverged", f"{error.detail}: {far}")
    rate, rows = spec.optimizer.learning_rate, len(prepared.train)
    if found is None or rate == "auto":
        return error
    works = safe_rate(spec, found, rows)
    gentler = f'"optimizer": {{"kind": "{spec.optimizer.kind}", "learning_rate": {works:.3g}}}'
    if asked.optimizer.learning_rate == "auto":
        return WorkFailed(
            "diverged",
            f"{error.detail}, with the learning rate {rate:.4g} that was chosen by what is known before the first "
            f"step; use {gentler}",
        )
    guide = ", as a guide" if guides(spec, rows) else ""
    return WorkFailed(
        "diverged",
        f"{error.detail}: the learning rate {rate:.4g} is too large; full-batch descent on this data is stable below "
        f'{found.stable_learning_rate:.4g}{guide}; use {gentler}, or "auto"',
    )


def _far(prepared: Prepared) -> str | None:
    """A sentence for the number that is furthest from the others, where it is so far that no rate helps."""
    names, targets = prepared.transform.encoded_names, prepared.train.data.targets
    furthest, where = FAR, ""
    for part_name, part in prepared.parts.items():
        for rows in slices(*part.inputs.shape):
            sizes = np.abs(part.inputs[rows]).max(axis=0, initial=0.0)
            if sizes.max(initial=0.0) > furthest:
                furthest = float(sizes.max())
                where = f"feature {names[int(sizes.argmax())]!r} of a {part_name} row"
        if targets.dtype != np.int64:
            for rows in slices(len(part), 1):
                size = float(np.abs(part.data.targets[rows]).max(initial=0.0))
                if size > furthest:
                    furthest, where = size, f"the target of a {part_name} row"
    if not where:
        return None
    return (
        f"{where} is {furthest:.4g} in the unit that is learnt in (its spread over the training rows), and its square "
        "is more than training can compute with; if it stands for a missing value, name it when you upload "
        '("null_values"), or leave the feature out ("exclude")'
    )
