"""What a comparison leaves behind while it goes: its progress, the descents that are done, its result."""

from __future__ import annotations

import json
import time
from typing import Any

from service.domain.jobs.comparison_schema import read_comparison
from service.domain.model.artifact import to_json
from service.errors import StorageDamaged
from service.store import datasets
from service.store.blobs.store import read_blob
from service.store.tables import JobRow, Json
from service.wiring import Deps
from workers.comparison.course import DescentCourse
from workers.comparison.descent import Descent, LossPoint
from workers.comparison.ground import Ground
from workers.jobs.record.telling import Teller, is_time_again, succeed
from workers.lease import Lease
from workers.training.engines.objectives import in_user_units, loss_scale

DESCENTS = 6


class ComparisonRecorder:
    """Records one comparison, from what an earlier attempt has done on. What writes raises LeaseLost when the lease is
    gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        """Raises DatasetNotFound."""
        self._deps, self._lease, self._teller = deps, lease, Teller(deps, lease)
        self.spec = read_comparison(lease.row.spec)
        with deps.database.read() as session:
            self.dataset = datasets.get(session, lease.row.owner, lease.row.dataset_id)
        self.courses = self._finished()
        """The descents that are done."""
        self._told = self._began = 0.0

    def has(self, descent: Descent) -> bool:
        """Whether this descent is done."""
        return any((one.descent.name, one.descent.scaled) == (descent.name, descent.scaled) for one in self.courses)

    def begun(self, descent: Descent, stable: float) -> None:
        """Tell of a descent that begins."""
        text = (
            f"{_name(descent)}: learning rate {descent.learning_rate:.4g}, stable below {stable:.4g}; "
            f"batch size {descent.batch_size:,}"
        )
        self._began = time.perf_counter()
        progress = self._progress(descent, 0, 0.0, None)
        self._teller.tell_at_once({"progress": progress}, [("message", {"text": text})])

    def looked(self, descent: Descent, point: LossPoint, ground: Ground) -> None:
        """Tell where the descent is, when the time has come."""
        if not is_time_again(self._told, self._began):
            return
        self._told = time.perf_counter()
        rows = ground.terrain.rows
        share = min(point.rows_touched / (rows * self.spec.epochs), 1.0)
        self._tell(self._progress(descent, point.rows_touched // rows, share, self._in_user_units(point, ground)))

    def keep(self, course: DescentCourse, ground: Ground) -> None:
        """Save a descent that is done, and tell how it has ended."""
        self.courses.append(course)
        blob = self._deps.blobs.put(to_json([one.to_json() for one in self.courses]))
        self._lease.got_further(checkpoint_key=blob.key)
        last = course.points[-1]
        epoch = -(-last.rows_touched // ground.terrain.rows)
        self._tell(self._progress(course.descent, epoch, 0.0, self._in_user_units(last, ground)))

    def end(self, result: dict[str, Any]) -> None:
        """The job has succeeded, with this result."""
        with self._deps.database.write() as session:
            ended = {"checkpoint_key": None, "progress": {"fraction": 1.0}, "result": result}
            succeed(session, self._lease, [], **ended)
        self._deps.changes.publish(self._lease.row.id)

    def _finished(self) -> list[DescentCourse]:
        """What an earlier attempt has saved; nothing, which is told, where it cannot be read."""
        key = self._lease.row.checkpoint_key
        if key is None:
            return []
        try:
            return [DescentCourse.from_json(course) for course in json.loads(read_blob(self._deps.blobs, key))]
        except (StorageDamaged, KeyError, TypeError, ValueError):
            text = "the saved descents are damaged or missing; the comparison restarts"
            self._teller.tell_at_once({}, [("message", {"text": text, "blob": key})])
            return []

    def _tell(self, progress: Json) -> None:
        self._teller.tell_at_once({"progress": progress}, [("epoch", progress)])

    def _progress(self, descent: Descent, epoch: int, share: float, train_loss: float | None) -> Json:
        """With a `share` of the descent that goes on, after those that are done."""
        return {
            "descent": _name(descent),
            "epoch": epoch,
            "epochs": self.spec.epochs,
            "fraction": (len(self.courses) + share) / DESCENTS,
            "train_loss": train_loss,
            "validation_loss": None,
        }

    def _in_user_units(self, point: LossPoint, ground: Ground) -> float:
        return in_user_units(self.spec.loss, point.loss, loss_scale((ground.scale,)))


def _name(descent: Descent) -> str:
    return f"{descent.name}, {'scaled' if descent.scaled else 'raw'}"
