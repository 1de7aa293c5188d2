"""What a comparison leaves behind while it goes: its start, its progress, the descents that are done, its result."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from service.domain.jobs.comparison import ComparisonSpec
from service.domain.jobs.comparison_schema import read_comparison
from service.domain.model.artifact import to_json
from service.errors import StorageDamaged
from service.store import datasets, jobs
from service.store.blobs.store import read_blob
from service.store.session import now
from service.store.tables import DatasetRow, JobRow
from service.wiring import Deps
from workers.comparison.course import DescentCourse
from workers.comparison.descent import Descent, LossPoint
from workers.jobs.record import EVENT_SECONDS, tell
from workers.lease import Lease, LeaseLost
from workers.training.engines.objectives import in_user_units

DESCENTS = 6


class ComparisonRecorder:
    """Writes under the job's lease; every method raises LeaseLost when it is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self._deps = deps
        self._lease = lease
        self._told = 0.0

    def start(self) -> tuple[ComparisonSpec, DatasetRow]:
        """The job's spec and dataset. Raises DatasetNotFound."""
        with self._deps.database.read() as session:
            dataset = datasets.get(session, self._lease.row.dataset_id)
        return read_comparison(self._lease.row.spec), dataset

    def finished(self) -> list[DescentCourse]:
        """The descents that an earlier attempt has done."""
        key = self._lease.row.checkpoint_key
        if key is None:
            return []
        try:
            return [DescentCourse.from_json(course) for course in json.loads(read_blob(self._deps.blobs, key))]
        except (StorageDamaged, KeyError, TypeError, ValueError):
            text = "the descents that were done are damaged or gone; the comparison starts anew"
            tell(self._deps, self._lease, {}, [("message", {"text": text, "blob": key})])
            return []

    def begun(self, descent: Descent, stable: float, spec: ComparisonSpec, done: int) -> None:
        """Tell of a descent that begins; `done` others are finished."""
        text = (
            f"{_name(descent)}: learning rate {descent.learning_rate:.4g}, stable below {stable:.4g}; "
            f"rows in a step: {descent.batch_size:,}"
        )
        kept = {"progress": _progress(descent, spec, 0, done / DESCENTS, None)}
        tell(self._deps, self._lease, kept, [("message", {"text": text})])

    def looked(
        self, descent: Descent, point: LossPoint, spec: ComparisonSpec, rows: int, done: int, scale: float
    ) -> None:
        """Tell where the descent is, when the time has come."""
        if time.perf_counter() - self._told < EVENT_SECONDS:
            return
        self._told = time.perf_counter()
        fraction = (done + min(point.rows_touched / (rows * spec.epochs), 1.0)) / DESCENTS
        loss = in_user_units(spec.loss, point.loss, scale)
        progress = _progress(descent, spec, point.rows_touched // rows, fraction, loss)
        tell(self._deps, self._lease, {"progress": progress}, [("epoch", progress)])

    def ended(self, course: DescentCourse, spec: ComparisonSpec, rows: int, done: int, scale: float) -> None:
        """Tell how a descent has ended, with which `done` are finished."""
        last = course.points[-1]
        loss = in_user_units(spec.loss, last.loss, scale)
        progress = _progress(course.descent, spec, -(-last.rows_touched // rows), done / DESCENTS, loss)
        tell(self._deps, self._lease, {"progress": progress}, [("epoch", progress)])

    def keep(self, courses: Sequence[DescentCourse]) -> None:
        """Save the descents that are done."""
        blob = self._deps.blobs.put(to_json([course.to_json() for course in courses]))
        self._lease.got_further(checkpoint_key=blob.key)

    def end(self, result: dict[str, Any]) -> None:
        """The job has succeeded, with this result."""
        id, fence = self._lease.row.id, self._lease.row.fence
        with self._deps.database.write() as session:
            ended = jobs.move(
                session,
                id,
                "succeeded",
                fence,
                finished_at=now(),
                lease_until=None,
                checkpoint_key=None,
                progress={"fraction": 1.0},
                result=result,
            )
            if not ended:
                raise LeaseLost(id)
        self._deps.changes.publish(id)


def _progress(
    descent: Descent, spec: ComparisonSpec, epoch: int, fraction: float, train_loss: float | None
) -> dict[str, Any]:
    return {
        "descent": _name(descent),
        "epoch": epoch,
        "epochs": spec.epochs,
        "fraction": fraction,
        "train_loss": train_loss,
        "validation_loss": None,
    }


def _name(descent: Descent) -> str:
    return f"{descent.name}, {'scaled' if descent.scaled else 'raw'}"
