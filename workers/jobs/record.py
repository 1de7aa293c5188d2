"""What a run leaves behind while it goes: its start, its choices, its epochs as events, its checkpoints."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog
from safetensors import SafetensorError

from service.domain.descent.rates import Rates
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec
from service.errors import StorageDamaged, WorkFailed
from service.store import datasets, jobs
from service.store.blobs.store import read_blob
from service.store.tables import DatasetRow, JobRow, Json
from service.wiring import Deps
from workers.bound import report_too_long, too_long, training_too_long
from workers.jobs.choices import choices
from workers.lease import Cancelled, Lease, LeaseLost, WorkerStopping
from workers.training import checkpoint
from workers.training.data.prepare import Prepared
from workers.training.engines.objectives import in_user_units, loss_scale
from workers.training.loop import EpochEnded, Progress, why_ended
from workers.training.problem import Problem, State

STOP_SECONDS = 2.0  # how old an epoch may be that a stopping process still brings to its end, to save it
EVENT_SECONDS = 0.2  # epochs that end sooner after the last told one are not told: the report has them all
ANEW = "the saved progress is damaged or gone; the training starts anew"

log = structlog.get_logger(__name__)


class Recorder:
    """Writes under the job's lease; every method raises LeaseLost when it is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self._deps = deps
        self._lease = lease
        self._started = time.perf_counter()
        self.warnings: list[Warned] = []
        """What the preflight warned of when the job was submitted."""
        self._choices: list[str] = []
        self._first_epoch = 0
        self._going: Progress | None = None
        self._prepared_seconds = 0.0
        self._is_over = False
        self._epoch_began = -math.inf
        self._ready = self._told = 0.0
        self._told_epoch = int((lease.row.progress or {}).get("epoch", 0))
        self._unkept: Json = {}
        self._untold: list[jobs.Told] = []
        self._saved = time.perf_counter()
        self._pause_seconds = deps.settings.checkpoint_seconds
        self._checkpoint = lease.row.checkpoint_key

    def start(self) -> tuple[TrainingSpec, DatasetRow, DatasetRow | None]:
        """The job's spec, its dataset, and the one that validates. Raises DatasetNotFound."""
        spec = TrainingSpec.from_json(self._lease.row.spec)
        other = spec.split.validation_dataset
        with self._deps.database.read() as session:
            self.warnings = [Warned(**told) for told in jobs.warnings(session, self._lease.row.id)]
            dataset = datasets.get(session, self._lease.row.dataset_id)
            return spec, dataset, None if other is None else datasets.get(session, other)

    def settle(self, spec: TrainingSpec, rates: Rates, device: str, prepared: Prepared) -> TrainingSpec:
        """The spec with its last `auto`s replaced; `ready` tells of each choice."""
        self._choices = choices(spec, rates, device, prepared.transform)
        optimizer = replace(spec.optimizer, learning_rate=rates.learning_rate, momentum=rates.momentum)
        return replace(spec, optimizer=optimizer, epochs=rates.epochs, device=device)

    def ready(self, spec: TrainingSpec, how: str, stored_bytes: int) -> None:
        """Keep the settled spec with the job, and tell of what was chosen, how the engine goes, and what it reads:
        soon, or with what ends the job before. The less a short run waits for the disk, the better."""
        stored = [f"the prepared table ({stored_bytes / 2**30:.1f} GiB) is kept on the disk"] if stored_bytes else []
        texts = (*self._choices, f"engine {spec.engine}: {how}", *stored)
        self._ready = time.perf_counter()
        self._unkept = {"spec": spec.to_json()}
        self._untold = [("message", {"text": text}) for text in texts]

    def resume(self, problem: Problem) -> Progress:
        """The progress of an earlier attempt, else a start."""
        key = self._checkpoint
        progress = (self._kept(key) if key else None) or Progress(State.start(problem))
        self._first_epoch, self._going = progress.epoch, progress
        self._prepared_seconds = time.perf_counter() - self._started
        self._started = self._epoch_began = time.perf_counter()
        self._told = -math.inf if key else self._started  # a run that goes on says so with its first epoch
        return progress

    def _kept(self, key: str) -> Progress | None:
        """What a checkpoint holds; None, which is told, where it cannot be read."""
        try:
            return checkpoint.read(read_blob(self._deps.blobs, key))
        except (StorageDamaged, SafetensorError, KeyError, TypeError, ValueError) as error:
            log.warning("checkpoint cannot be read", job=self._lease.row.id, blob=key, error=repr(error))
            self._untold.append(("message", {"text": ANEW, "blob": key}))
            return None

    def epoch(self, ended: EpochEnded, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of an epoch, and save the progress when the time has come. Raises WorkerStopping, with all saved."""
        moment = self._epoch_began = time.perf_counter()
        if moment - self._told >= EVENT_SECONDS:
            self._told = moment
            self._add(self._progress(ended, spec, prepared, ended.epoch / spec.last_epoch), ended)
            self.tell()
        if moment - self._saved >= self._pause_seconds:
            self.checkpoint(progress)
        elif self._lease.is_to_leave:
            self.checkpoint(progress)
            self._lease.check()

    def end(self, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of the last epoch; when training has stopped early, say so. Soon after the last telling that is left to
        whoever ends the job, see `untold`."""
        self._epoch_began, self._is_over = -math.inf, True
        self._add(self._progress(progress.history[-1], spec, prepared, 1.0), progress.history[-1])
        if why := why_ended(progress, spec):
            self._untold.append(("message", {"text": why}))
        if time.perf_counter() - self._told >= EVENT_SECONDS:
            self.tell()

    @property
    def untold(self) -> tuple[Json, list[jobs.Told]]:
        """What is to be kept with the job when it ends, and the events to tell before that of its end."""
        return self._unkept, self._untold

    def check(self) -> None:
        """As the lease's, between batches; tells what has waited for its time. A stop waits for the end of an epoch
        that has just begun: only there can the progress be saved. Raises WorkFailed for a job that takes too long."""
        if self._lease.is_too_long:
            raise self._too_long()
        try:
            self._lease.check()
        except WorkerStopping:
            if time.perf_counter() - self._epoch_began > STOP_SECONDS:
                raise
        if self._untold and time.perf_counter() - self._ready >= EVENT_SECONDS:
            self.tell()

    def _too_long(self) -> WorkFailed:
        most, going = self._deps.settings.max_job_seconds, self._going
        if going is None:
            return too_long(self._lease.row, most)
        if self._is_over:
            return report_too_long(most)
        learning = sum(ended.seconds for ended in going.history[self._first_epoch :])
        share = min(learning / (time.perf_counter() - self._started), 1.0)  # the rest went to saving and telling
        return training_too_long(most, self._prepared_seconds, share, going.epoch, going.best_epoch)

    def tell(self) -> None:
        """Tell now what still waits."""
        if self._untold:
            tell(self._deps, self._lease, self._unkept, self._untold)
            self._unkept, self._untold = {}, []

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """What waits is told as well when the run fails, or is cancelled."""
        try:
            yield
        except (WorkFailed, Cancelled):
            self.tell()
            raise

    def checkpoint(self, progress: Progress) -> None:
        """Save the progress at the end of an epoch, in the place of what was saved before."""
        began, job = time.perf_counter(), self._lease.row
        blob = self._deps.blobs.put(checkpoint.dump(progress, f"{job.id}.{job.fence}"))
        try:
            self._lease.got_further(checkpoint_key=blob.key)
        except LeaseLost:
            forget_blob(self._deps, blob.key)
            raise
        before, self._checkpoint = self._checkpoint, blob.key
        if before is not None and before != blob.key:
            forget_blob(self._deps, before)
        self._saved = time.perf_counter()
        allowed = self._deps.settings
        self._pause_seconds = checkpoint.pause_seconds(
            blob.size, self._saved - began, allowed.checkpoint_seconds, allowed.checkpoint_bytes_per_second
        )

    def published(self) -> None:
        """The run is over, and its checkpoint of no use any more."""
        if self._checkpoint is not None:
            forget_blob(self._deps, self._checkpoint)

    def _add(self, told: Json, ended: EpochEnded) -> None:
        """Tell of an epoch; the last one may have been told already, by this attempt or by the one before."""
        self._unkept["progress"] = told
        if ended.epoch != self._told_epoch:
            self._untold.append(("epoch", {**told, "learning_rate": ended.learning_rate}))
        self._told_epoch = ended.epoch

    def _progress(self, ended: EpochEnded, spec: TrainingSpec, prepared: Prepared, fraction: float) -> Json:
        seconds = time.perf_counter() - self._started
        scale = loss_scale(prepared.target_scales)
        done = max(ended.epoch - self._first_epoch, 1)
        return {
            "epoch": ended.epoch,
            "epochs": spec.last_epoch,
            "fraction": fraction,
            "train_loss": in_user_units(spec.loss, ended.train_loss, scale),
            "validation_loss": None
            if ended.validation_loss is None
            else in_user_units(spec.loss, ended.validation_loss, scale),
            "rows_per_second": len(prepared.train) * done / seconds if seconds else None,
            "eta_seconds": 0.0 if fraction == 1 else seconds / done * (spec.last_epoch - ended.epoch),
        }


def tell(deps: Deps, lease: Lease[JobRow], kept: Json, told: Sequence[jobs.Told]) -> None:
    """Change a job's row, and tell of it, in one transaction. Raises LeaseLost."""
    with deps.database.write() as session:
        lease.write_in(session, **kept)
        jobs.append_events(session, lease.row.id, told)
    deps.changes.publish(lease.row.id)


def forget_blob(deps: Deps, key: str) -> None:
    """Delete a checkpoint that no row names any more; where that fails the sweeper does it later."""
    try:
        deps.blobs.delete(key, 0)
    except Exception as error:  # noqa: BLE001 (whatever it is, the work itself is unharmed)
        log.warning("checkpoint not deleted", blob=key, error=str(error))
