"""What a run leaves behind while it goes: its start, its choices, its epochs as events, its checkpoints."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from service.domain.rates import Rates
from service.domain.spec import TrainingSpec
from service.domain.spec_schema import read_spec
from service.store import datasets, jobs
from service.store.blobs import read_blob, write_blob
from service.store.session import now
from service.store.tables import DatasetRow, JobRow, Json
from service.wiring import Deps
from workers.lease import Lease
from workers.training import checkpoint
from workers.training.choices import choices
from workers.training.loop import EpochEnded, Progress, why_ended
from workers.training.objectives import in_user_units, loss_scale
from workers.training.prepare import Prepared
from workers.training.problem import Problem, State

EVENT_SECONDS = 0.2  # epochs that end sooner after the last told one are not told: the report has them all


class Recorder:
    """Writes under the job's lease; every method raises LeaseLost when it is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self._deps = deps
        self._lease = lease
        self._started = time.perf_counter()
        self._first_epoch = 0
        self._told = 0.0
        self._saved = time.perf_counter()

    def start(self) -> tuple[TrainingSpec, DatasetRow, DatasetRow | None]:
        """Note that the job runs; its spec, its dataset, and the one that validates. Raises DatasetNotFound."""
        dataset = begin(self._deps, self._lease)
        spec = read_spec(self._lease.row.spec)
        if spec.split.validation_dataset is None:
            return spec, dataset, None
        with self._deps.database.read() as session:
            return spec, dataset, datasets.get(session, spec.split.validation_dataset)

    def warnings(self) -> list[dict[str, str]]:
        """What the preflight warned of when the job was submitted."""
        with self._deps.database.read() as session:
            return jobs.warnings(session, self._lease.row.id)

    def settle(self, spec: TrainingSpec, rates: Rates, device: str, prepared: Prepared) -> TrainingSpec:
        """The spec with its last `auto`s replaced, kept with the job; each choice is told."""
        optimizer = replace(spec.optimizer, learning_rate=rates.learning_rate, momentum=rates.momentum)
        settled = replace(spec, optimizer=optimizer, epochs=rates.epochs, device=device)
        with self._deps.database.write() as session:
            self._lease.write_in(session, spec=settled.to_json())
            for text in choices(spec, rates, device, prepared.transform):
                jobs.append_event(session, self._lease.row.id, "message", {"text": text})
        return settled

    def message(self, text: str) -> None:
        """Tell something of the run, in a sentence."""
        with self._deps.database.write() as session:
            self._lease.write_in(session)
            jobs.append_event(session, self._lease.row.id, "message", {"text": text})
        self._deps.changes.publish(self._lease.row.id)

    def resume(self, problem: Problem) -> Progress:
        """The progress of an earlier attempt, else a start."""
        key = self._lease.row.checkpoint_key
        progress = checkpoint.read(read_blob(self._deps.blobs, key)) if key else Progress(State.start(problem))
        self._first_epoch = progress.epoch
        self._started = time.perf_counter()
        return progress

    def epoch(self, ended: EpochEnded, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of an epoch, and save the progress when the time has come."""
        moment = time.perf_counter()
        if moment - self._told >= EVENT_SECONDS:
            self._told = moment
            self._tell(ended, spec, prepared, ended.epoch / spec.last_epoch)
        if moment - self._saved >= self._deps.settings.checkpoint_seconds:
            self.checkpoint(progress)

    def end(self, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of the last epoch; when training has stopped early, say so."""
        self._tell(progress.history[-1], spec, prepared, 1.0, why_ended(progress, spec))

    def checkpoint(self, progress: Progress) -> None:
        """Save the progress at the end of an epoch."""
        blob = write_blob(self._deps.blobs, checkpoint.dump(progress))
        self._lease.write(checkpoint_key=blob.key)
        self._saved = time.perf_counter()

    def _tell(
        self, ended: EpochEnded, spec: TrainingSpec, prepared: Prepared, fraction: float, text: str | None = None
    ) -> None:
        seconds = time.perf_counter() - self._started
        scale = loss_scale(prepared.target_scales)
        done = max(ended.epoch - self._first_epoch, 1)
        told = {
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
        tell(self._deps, self._lease, told, text, learning_rate=ended.learning_rate)


def begin(deps: Deps, lease: Lease[JobRow]) -> DatasetRow:
    """Note that a job runs; its dataset. Raises LeaseLost, DatasetNotFound."""
    job = lease.row
    with deps.database.write() as session:
        lease.write_in(session, started_at=job.started_at or now())
        jobs.append_event(session, job.id, "state", {"state": "running", "attempt": job.attempt})
        dataset = datasets.get(session, job.dataset_id)
    deps.changes.publish(job.id)
    return dataset


def tell(deps: Deps, lease: Lease[JobRow], progress: Json, text: str | None = None, **more: Any) -> None:
    """Keep a job's progress, and tell of it as an event with `more` to it; then of what `text` says. Raises
    LeaseLost."""
    with deps.database.write() as session:
        lease.write_in(session, progress=progress)
        jobs.append_event(session, lease.row.id, "epoch", {**progress, **more})
        if text is not None:
            jobs.append_event(session, lease.row.id, "message", {"text": text})
    deps.changes.publish(lease.row.id)
