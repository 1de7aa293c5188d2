"""What a batch prediction leaves behind while it goes: its start, its progress, the parts that are done, its result.

The parts are told in the job's own row, in the transaction that asks whether the lease still holds: a part is in use
from the moment when a later attempt would go on after it.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from service.domain.jobs.batch import BatchSpec
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.domain.model.predictor import Predictor
from service.errors import NotFound, StorageDamaged, WorkFailed
from service.metrics import metrics
from service.store import datasets, jobs, models
from service.store.blobs.bundles import read_version_file
from service.store.blobs.spool import Blob
from service.store.tables import DatasetRow, JobRow, Json
from service.wiring import Deps
from workers.jobs.record.telling import Teller, is_time_again, succeed
from workers.lease import Lease


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A blob with the answers for `rows` rows, `failed` of which have none."""

    key: str
    rows: int
    failed: int


@dataclass(frozen=True, slots=True)
class AskedPrediction:
    """What a batch prediction is to do: its spec, the dataset whose rows are predicted, and by which model."""

    spec: BatchSpec
    dataset: DatasetRow
    predictor: Predictor


def asked_prediction(deps: Deps, job: JobRow) -> AskedPrediction:
    """What the job is asked to do. Raises DatasetNotFound, WorkFailed for a version that is gone."""
    with deps.database.read() as session:
        dataset = datasets.get(session, job.owner, job.dataset_id)
        try:
            version = models.resolve(session, job.owner, job.spec["model"])
        except NotFound as error:
            gone = "it was deleted" if job.model_owner is None else "it was deleted, or is shared no longer,"
            raise WorkFailed(error.code, f"{error.detail}: {gone} before the job ended") from None
    predictor = read(*(read_version_file(deps.blobs, version, name) for name in (MANIFEST, WEIGHTS)))
    return AskedPrediction(BatchSpec(**job.spec), dataset, predictor)


class PredictionRecorder:
    """Records one batch prediction of `n_rows`, from what earlier attempts have done on. What writes raises LeaseLost
    when the lease is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow], n_rows: int) -> None:
        self._deps, self._lease, self._teller = deps, lease, Teller(deps, lease)
        self._started = self._told = self._kept = time.perf_counter()
        kept = [KeptPart(**part) for part in (lease.row.result or {}).get("parts", ())]
        self.parts: list[KeptPart] = list(takewhile(self._is_whole, kept))
        """What this attempt and those before have done, in the order of the rows."""
        self._rows, self._first = n_rows, self.done
        are_damaged = len(self.parts) < len(kept)
        if self.done or are_damaged:
            why = "; later parts are damaged and are redone" if are_damaged else ""
            self._tell(self.done, ("message", {"text": f"continues after row {self.done:,}{why}"}))

    @property
    def done(self) -> int:
        """How many rows the kept parts hold."""
        return sum(part.rows for part in self.parts)

    def looked(self, rows: int) -> None:
        """Tell of so many rows after those of the kept parts, when the time has come."""
        if is_time_again(self._told, self._started):
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
        told: list[jobs.Told] = [("progress", self._progress(rows, rows))]
        if failed:
            what = "1 row has" if failed == 1 else f"{failed:,} rows have"
            told.append(("message", {"text": f"{what} no prediction; see the error column"}))
        with self._deps.database.write() as session:
            result = {"sha256": blob.key, "bytes": blob.size, "rows": rows, "failed_rows": failed}
            succeed(session, self._lease, told, progress=self._progress(rows, rows), result=result)
        metrics().predicted_rows.labels("batch").inc(rows - failed)
        self._deps.changes.publish(self._lease.row.id)

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

    def _tell(self, rows: int, told: jobs.Told | None = None) -> None:
        progress = self._progress(rows, self._rows)
        self._teller.tell_at_once({"progress": progress}, [told or ("progress", progress)])
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
