"""What a run leaves behind while it goes: its start, its choices, its epochs as events, its checkpoints."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

from service.domain.rates import Rates
from service.domain.spec import TrainingSpec
from service.domain.spec_schema import read_spec
from service.store import datasets, jobs
from service.store.blobs import read_blob, write_blob
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
        self._choices: list[str] = []
        self._first_epoch = 0
        self._told = 0.0
        self._untold: tuple[Json, list[jobs.Told]] = {}, []
        self._saved = time.perf_counter()

    def start(self) -> tuple[TrainingSpec, DatasetRow, DatasetRow | None]:
        """The job's spec, its dataset, and the one that validates. Raises DatasetNotFound."""
        spec = read_spec(self._lease.row.spec)
        other = spec.split.validation_dataset
        with self._deps.database.read() as session:
            dataset = datasets.get(session, self._lease.row.dataset_id)
            return spec, dataset, None if other is None else datasets.get(session, other)

    def warnings(self) -> list[dict[str, str]]:
        """What the preflight warned of when the job was submitted."""
        with self._deps.database.read() as session:
            return jobs.warnings(session, self._lease.row.id)

    def settle(self, spec: TrainingSpec, rates: Rates, device: str, prepared: Prepared) -> TrainingSpec:
        """The spec with its last `auto`s replaced; `ready` tells of each choice."""
        self._choices = choices(spec, rates, device, prepared.transform)
        optimizer = replace(spec.optimizer, learning_rate=rates.learning_rate, momentum=rates.momentum)
        return replace(spec, optimizer=optimizer, epochs=rates.epochs, device=device)

    def ready(self, spec: TrainingSpec, how: str, stored_bytes: int) -> None:
        """Keep the settled spec with the job, and tell of what was chosen, how the engine goes, and what it reads."""
        stored = [f"the prepared table ({stored_bytes / 2**30:.1f} GiB) is kept on the disk"] if stored_bytes else []
        with self._deps.database.write() as session:
            self._lease.write_in(session, spec=spec.to_json())
            texts = (*self._choices, f"engine {spec.engine}: {how}", *stored)
            jobs.append_events(session, self._lease.row.id, [("message", {"text": text}) for text in texts])
        self._deps.changes.publish(self._lease.row.id)

    def resume(self, problem: Problem) -> Progress:
        """The progress of an earlier attempt, else a start."""
        key = self._lease.row.checkpoint_key
        progress = checkpoint.read(read_blob(self._deps.blobs, key)) if key else Progress(State.start(problem))
        self._first_epoch = progress.epoch
        self._started = time.perf_counter()
        self._told = -math.inf if key else self._started  # a run that goes on says so with its first epoch
        return progress

    def epoch(self, ended: EpochEnded, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of an epoch, and save the progress when the time has come."""
        moment = time.perf_counter()
        if moment - self._told >= EVENT_SECONDS:
            self._told = moment
            told = self._progress(ended, spec, prepared, ended.epoch / spec.last_epoch)
            tell(self._deps, self._lease, told, learning_rate=ended.learning_rate)
        if moment - self._saved >= self._deps.settings.checkpoint_seconds:
            self.checkpoint(progress)

    def end(self, progress: Progress, spec: TrainingSpec, prepared: Prepared) -> None:
        """Tell of the last epoch; when training has stopped early, say so. Soon after the last telling that is left to
        whoever ends the job, see `untold`: the less a short run waits for the disk, the better."""
        last = progress.history[-1]
        told, why = self._progress(last, spec, prepared, 1.0), why_ended(progress, spec)
        if time.perf_counter() - self._told < EVENT_SECONDS:
            self._untold = {"progress": told}, events(told, why, learning_rate=last.learning_rate)
        else:
            tell(self._deps, self._lease, told, why, learning_rate=last.learning_rate)

    @property
    def untold(self) -> tuple[Json, list[jobs.Told]]:
        """What is to be kept with the job when it ends, and the events to tell before that of its end."""
        return self._untold

    def checkpoint(self, progress: Progress) -> None:
        """Save the progress at the end of an epoch."""
        blob = write_blob(self._deps.blobs, checkpoint.dump(progress))
        self._lease.write(checkpoint_key=blob.key)
        self._saved = time.perf_counter()

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


def tell(deps: Deps, lease: Lease[JobRow], progress: Json, text: str | None = None, **more: Any) -> None:
    """Keep a job's progress, and tell of it as an event with `more` to it; then of what `text` says. Raises
    LeaseLost."""
    with deps.database.write() as session:
        lease.write_in(session, progress=progress)
        jobs.append_events(session, lease.row.id, events(progress, text, **more))
    deps.changes.publish(lease.row.id)


def events(progress: Json, text: str | None, **more: Any) -> list[jobs.Told]:
    """That of an epoch, and that of a message if there is one."""
    told: list[jobs.Told] = [("epoch", {**progress, **more})]
    return told if text is None else [*told, ("message", {"text": text})]
