"""What a training is asked to do, and what it leaves behind while it goes: choices, epochs as events, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.cells.kinds import Kind
from service.domain.cells.table import Table
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from service.store import datasets, jobs
from service.store.described import table_of
from service.store.tables import DatasetRow, Json
from workers.bound import report_too_long, training_too_long
from workers.jobs.record.checkpoints import Checkpoints
from workers.jobs.record.telling import Teller, is_time
from workers.lease import WorkerStopping
from workers.training.data.prepare import Prepared
from workers.training.engines.objectives import in_user_units, loss_scale
from workers.training.problem import Problem, State
from workers.training.progress import EpochEnded, Progress, why_ended

STOP_SECONDS = 2.0  # how old an epoch may be that a stopping process still brings to its end, to save it
ANEW = "the saved progress is damaged or missing; the training restarts"


@dataclass(frozen=True, slots=True)
class AskedTraining:
    """What a training job is to do: its spec, the dataset that it learns from, that one's table, the dataset whose rows
    validate, if that is another, and what the preflight warned of when the job was submitted."""

    spec: TrainingSpec
    dataset: DatasetRow
    table: Table
    other: DatasetRow | None
    warnings: list[Warned]

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kinds of the features."""
        return self.table.kinds(self.spec.features or ())

    @property
    def target_kind(self) -> Kind:
        """The kind of the target; of several targets, which are all numbers, that of the first."""
        return self.table.kinds(self.spec.targets[:1])[self.spec.targets[0]]

    @property
    def column_notes(self) -> dict[str, tuple[str, ...]]:
        """What is to be known of how the features and the targets were read."""
        used = {*self.spec.targets, *self.kinds}
        return {column.name: column.notes for column in self.table.columns if column.name in used and column.notes}


def asked_training(teller: Teller) -> AskedTraining:
    """What the job is asked to do. Raises DatasetNotFound."""
    job = teller.lease.row
    spec = TrainingSpec.from_json(job.spec)
    other = spec.split.validation_dataset
    with teller.deps.database.read() as session:
        warnings = [Warned(**told) for told in jobs.warnings(session, job.id)]
        dataset = datasets.get(session, job.dataset_id)
        judging = None if other is None else datasets.get(session, other)
    return AskedTraining(spec, dataset, table_of(dataset), judging, warnings)


def tell_choices(
    teller: Teller, spec: TrainingSpec, prepared: Prepared, choices: Sequence[str], how: str, called: str | None = None
) -> None:
    """Keep the settled spec with the job, and tell of what was chosen, how the engine goes, and what it reads. Of one
    run of two, which is `called` so, nothing is kept: the job is to go on as it was asked for."""
    size = prepared.stored_bytes
    stored = [f"the prepared table ({size / 2**30:.1f} GiB) is kept on disk"] if size else []
    texts = (*choices, f"engine {spec.engine}: {how}", *stored)
    before = "" if called is None else f"{called}: "
    kept = {"spec": spec.to_json()} if called is None else {}
    teller.add(kept, [("message", {"text": f"{before}{text}"}) for text in texts])


@dataclass(frozen=True, slots=True)
class Stage:
    """One of a job's runs of epochs: its name, what it is called in a sentence, and the shares of the job that are done
    when it begins and when it ends."""

    name: str
    called: str
    begins: float
    ends: float

    def fraction(self, within: float) -> float:
        """The share of the job that is done with so much of this run."""
        return self.begins + (self.ends - self.begins) * within


class TrainingRecorder:
    """Records a training whose epochs begin, or go on from where an earlier attempt has saved them. `spec` has no
    `auto` any more. What writes raises LeaseLost when the lease is gone."""

    def __init__(
        self, teller: Teller, spec: TrainingSpec, prepared: Prepared, problem: Problem, started: float
    ) -> None:
        """`started` is when the job began, by `time.perf_counter`."""
        self._teller = teller
        self._checkpoints = Checkpoints(teller.deps, teller.lease, started)
        self._spec, self._prepared = spec, prepared
        before = self._checkpoints.key
        saved = self._checkpoints.read()
        if before and saved is None:
            teller.add({}, [("message", {"text": ANEW, "blob": before})])
        self.progress = self._whole = saved or Progress(State.start(problem))
        """How far it has come; the loop changes it."""
        self._stage: Stage | None = None
        self._began_here()
        self._prepared_seconds = self._started - started
        self._told = -math.inf if before else self._started  # a run that goes on says so with its first epoch
        told = teller.lease.row.progress or {}
        self._told_epoch = told.get("stage"), int(told.get("epoch", 0))

    def turn_to(self, stage: Stage | None, spec: TrainingSpec, progress: Progress) -> None:
        """What is told from now on is told of this one of the job's runs of epochs. Checkpoints keep all of them."""
        self._stage, self._spec, self.progress = stage, spec, progress
        self._began_here()

    def keep(self, spec: TrainingSpec, progress: Progress) -> None:
        """All runs are over, and this is the one that goes on."""
        self._spec, self.progress, self._is_over = spec, progress, True

    def _began_here(self) -> None:
        self._first_epoch = self.progress.epoch
        self._started = self._epoch_began = time.perf_counter()
        self._is_over = False

    def epoch(self, ended: EpochEnded) -> None:
        """Tell of an epoch, and save the progress when the time has come. Raises WorkerStopping, with all saved."""
        self._epoch_began = time.perf_counter()
        if is_time(self._told):
            self._told = self._epoch_began
            self._tell(ended, ended.epoch / self._spec.last_epoch)
            self._teller.tell()
        leaves = self._teller.lease.is_to_leave
        if leaves or self._checkpoints.is_due:
            self._checkpoints.save(self._whole)
        if leaves:
            self._teller.lease.check()

    def end(self) -> None:
        """Tell of the last epoch, unless that was told already, by this attempt or by the one before; when training has
        stopped early, say so. Soon after the last telling that is left to whoever ends the job."""
        self._epoch_began, self._is_over = -math.inf, True
        last = self.progress.history[-1]
        self._tell(last, 1.0, is_known=(self._stage_name, last.epoch) == self._told_epoch)
        if why := why_ended(self.progress, self._spec):
            self._teller.add(
                {}, [("message", {"text": why if self._stage is None else f"{self._stage.called}: {why}"})]
            )
        if is_time(self._told):
            self._teller.tell()

    def published(self) -> None:
        """The run is over, and its checkpoint of no use any more."""
        self._checkpoints.forget()

    def check(self) -> None:
        """Checks the lease between batches, and publishes events that have waited for their time. A stop waits for the
        end of an epoch that has just begun: only there can the progress be saved. Raises WorkFailed for a job that
        takes too long."""
        lease = self._teller.lease
        if lease.is_too_long:
            raise self._too_long()
        try:
            lease.check()
        except WorkerStopping:
            if time.perf_counter() - self._epoch_began > STOP_SECONDS:
                raise
        self._teller.tell_if_due()

    def _too_long(self) -> WorkFailed:
        most, progress = self._teller.deps.settings.max_job_seconds, self.progress
        if self._is_over:
            return report_too_long(most)
        learning = sum(ended.seconds for ended in progress.history[self._first_epoch :])
        share = min(learning / (time.perf_counter() - self._started), 1.0)  # the rest went to saving and telling
        return training_too_long(most, self._prepared_seconds, share, progress.epoch, progress.best_epoch)

    def _tell(self, ended: EpochEnded, fraction: float, is_known: bool = False) -> None:
        """Tell of an epoch soon; of one that is known already, only how far the training is."""
        figures = self._figures(ended, fraction)
        told: jobs.Told = ("epoch", {**figures, "learning_rate": ended.learning_rate})
        self._teller.add({"progress": figures}, [] if is_known else [told])
        self._told_epoch = self._stage_name, ended.epoch

    @property
    def _stage_name(self) -> str | None:
        return None if self._stage is None else self._stage.name

    def _figures(self, ended: EpochEnded, fraction: float) -> Json:
        """How far the training is after an epoch; losses are in the target's units."""
        spec, judged = self._spec, ended.validation_loss
        scale = loss_scale(self._prepared.target_scales)
        seconds = time.perf_counter() - self._started
        done = max(ended.epoch - self._first_epoch, 1)
        left = seconds / done * (spec.last_epoch - ended.epoch)
        if spec.budget_seconds is not None:
            left = min(left, max(spec.budget_seconds - self.progress.spent, 0.0))
        stage = self._stage
        return {
            **({} if stage is None else {"stage": stage.name}),
            "epoch": ended.epoch,
            "epochs": spec.last_epoch,
            "fraction": fraction if stage is None else stage.fraction(fraction),
            "train_loss": in_user_units(spec.loss, ended.train_loss, scale),
            "validation_loss": None if judged is None else in_user_units(spec.loss, judged, scale),
            "rows_per_second": len(self._prepared.train) * done / seconds if seconds else None,
            "eta_seconds": None if stage is not None and stage.ends < 1 else 0.0 if fraction == 1 else left,
        }
