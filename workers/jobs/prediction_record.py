"""What a batch prediction leaves behind while it goes: its start, its progress, the parts that are done, its result.

The parts are told in the job's own row, in the transaction that asks whether the lease still holds: a part is in use
from the moment when a later attempt would go on after it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from service.domain.jobs.batch import BatchSpec
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.domain.model.predictor import Predictor
from service.errors import StorageDamaged, VersionNotFound, WorkFailed
from service.store import datasets, jobs, models
from service.store.blobs.bundles import read_version_file
from service.store.blobs.spool import Blob
from service.store.session import now
from service.store.tables import DatasetRow, JobRow, Json
from service.wiring import Deps
from workers.lease import Lease, LeaseLost

EVENT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A blob with the answers for `rows` rows, `failed` of which have none."""

    key: str
    rows: int
    failed: int


class PredictionRecorder:
    """Writes under the job's lease; every method raises LeaseLost when it is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self._deps = deps
        self._lease = lease
        self._rows = 0
        self._first = 0
        self._started = self._told = self._kept = time.perf_counter()
        kept = [KeptPart(**part) for part in (lease.row.result or {}).get("parts", ())]
        self.parts: list[KeptPart] = list(takewhile(self._is_whole, kept))
        """What this attempt and those before have done, in the order of the rows."""
        self._are_damaged = len(self.parts) < len(kept)

    def start(self) -> tuple[BatchSpec, DatasetRow, Predictor]:
        """The job's spec, its dataset and its model. Raises DatasetNotFound, WorkFailed for a version that is gone."""
        job = self._lease.row
        with self._deps.database.read() as session:
            dataset = datasets.get(session, job.dataset_id)
            try:
                version = models.get_version(session, job.model_name, job.model_version or 0)
            except VersionNotFound as error:
                raise WorkFailed(error.code, f"{error.detail}: it was deleted before this job ended") from None
        predictor = read(*(read_version_file(self._deps.blobs, version, name) for name in (MANIFEST, WEIGHTS)))
        self._rows, self._first = dataset.rows or 0, self.done
        if self.done or self._are_damaged:
            why = "; what was done behind it is damaged, and is done again" if self._are_damaged else ""
            self._tell(self.done, f"goes on after row {self.done:,}{why}")
        return BatchSpec(**job.spec), dataset, predictor

    @property
    def done(self) -> int:
        """How many rows the kept parts hold."""
        return sum(part.rows for part in self.parts)

    def looked(self, rows: int) -> None:
        """Tell of so many rows after those of the kept parts, when the time has come."""
        if time.perf_counter() - self._told >= EVENT_SECONDS:
            self._tell(self.done + rows)

    def is_due(self) -> bool:
        """Whether what is done since should be kept."""
        return time.perf_counter() - self._kept >= self._deps.settings.checkpoint_seconds

    def keep(self, path: Path, rows: int, failed: int) -> None:
        """Save a part, whose file is taken away. Raises StorageFull."""
        self.parts.append(KeptPart(self._taken(path).key, rows, failed))
        self._lease.got_further(result={"parts": [asdict(part) for part in self.parts]})
        self._kept = time.perf_counter()

    def end(self, path: Path, rows: int, failed: int) -> None:
        """The job has succeeded, with this file as its result; these are the rows of its last part. Raises
        StorageFull."""
        blob = self._taken(path)
        rows, failed = self.done + rows, failed + sum(part.failed for part in self.parts)
        job = self._lease.row
        told: list[jobs.Told] = [("progress", self._progress(rows, rows))]
        if failed:
            what = "1 row has" if failed == 1 else f"{failed:,} rows have"
            told.append(("message", {"text": f"{what} no prediction; the column of errors says why"}))
        with self._deps.database.write() as session:
            ended = jobs.move(
                session,
                job.id,
                "succeeded",
                job.fence,
                told,
                finished_at=now(),
                lease_until=None,
                progress=self._progress(rows, rows),
                result={"sha256": blob.key, "bytes": blob.size, "rows": rows, "failed_rows": failed},
            )
            if not ended:
                raise LeaseLost(job.id)
        self._deps.changes.publish(job.id)

    def _is_whole(self, part: KeptPart) -> bool:
        try:
            self._deps.blobs.verify(part.key)
        except (KeyError, StorageDamaged):
            return False
        return True

    def _taken(self, path: Path) -> Blob:
        with self._deps.blobs.writer() as writer:
            writer.take(path)
            return writer.commit()

    def _tell(self, rows: int, text: str | None = None) -> None:
        progress = self._progress(rows, self._rows)
        told: Sequence[jobs.Told] = [("progress", progress)] if text is None else [("message", {"text": text})]
        with self._deps.database.write() as session:
            self._lease.write_in(session, progress=progress)
            jobs.append_events(session, self._lease.row.id, told)
        self._deps.changes.publish(self._lease.row.id)
        self._told = time.perf_counter()

    def _progress(self, done: int, rows: int) -> Json:
        seconds = time.perf_counter() - self._started
        speed = (done - self._first) / seconds
        return {
            "epoch": None,
            "epochs": None,
            "fraction": done / rows if rows else 1.0,
            "train_loss": None,
            "validation_loss": None,
            "rows_per_second": speed or None,
            "eta_seconds": (rows - done) / speed if speed else None,
        }
