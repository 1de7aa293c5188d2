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
from service.store.tables import DatasetRow
from workers.bound import report_too_long, training_too_long
from workers.jobs.record.checkpoints import Checkpoints
from workers.jobs.record.stage import CompetitorStage, RefitStage, Stage
from workers.jobs.record.telling import Teller, is_time, is_time_again
from workers.lease import WorkerStopping
from workers.training.data.prepare import Prepared
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
    def order_kind(self) -> Kind | None:
        """The kind of the column that the split goes by; None where it goes by chance."""
        name = self.spec.split.order_by
        return None if name is None else self.table.kinds([name])[name]

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
        dataset = datasets.get(session, job.owner, job.dataset_id)
        judging = None if other is None else datasets.get(session, job.owner, other)
    return AskedTraining(spec, dataset, table_of(dataset), judging, warnings)


def tell_choices(
    teller: Teller, spec: TrainingSpec, prepared: Prepared, choices: Sequence[str], how: str, called: str | None = None
) -> None:
    """Keep the settled spec with the job, and tell of what was chosen, how the engine goes, and what it reads. Of one
    training of two, which is `called` so, nothing is kept: the job is to go on as it was asked for."""
    size = prepared.stored_bytes
    stored = [f"the prepared table ({size / 2**30:.1f} GiB) is kept on disk"] if size else []
    texts = (*choices, f"engine {spec.engine}: {how}", *stored)
    before = "" if called is None else f"{called}: "
    kept = {"spec": spec.to_json()} if called is None else {}
    teller.add(kept, [("message", {"text": f"{before}{text}"}) for text in texts])


class TrainingRecorder:
    """Records a training whose epochs begin, or go on from where an earlier attempt has saved them. `spec` has no
    `auto` any more. What writes raises LeaseLost when the lease is gone."""

    def __init__(
        self, teller: Teller, spec: TrainingSpec, prepared: Prepared, problem: Problem, started: float
    ) -> None:
        """`started` is when the job began, by `time.perf_counter`."""
        self._teller = teller
        self._checkpoints = Checkpoints(teller.deps, teller.lease, started)
        self._spec = spec
        before = self._checkpoints.key
        saved = self._checkpoints.read()
        if before and saved is None:
            teller.add({}, [("message", {"text": ANEW, "blob": before})])
        self.progress = self._whole = saved or Progress(State.start(problem))
        """How far it has come; the loop changes it."""
        self._rows, self._scales = len(prepared.train), prepared.target_scales
        self._stage = self._judged_stage = Stage(spec, self._rows, self._scales, self.progress)
        self._epoch_began = self._stage.began
        self._prepared_seconds = self._stage.began - started
        self._told = -math.inf if before else self._stage.began  # a run that goes on says so with its first epoch
        self._is_over = False
        told = teller.lease.row.progress or {}
        self._told_epoch = told.get("stage"), int(told.get("epoch", 0))

    def turn_to(self, spec: TrainingSpec, progress: Progress) -> None:
        """What is told from now on is told of this one of two trainings. Checkpoints keep both."""
        self._spec, self.progress = spec, progress
        self._stage = self._judged_stage = CompetitorStage(spec, self._rows, self._scales, progress)
        self._epoch_began, self._is_over = self._stage.began, False

    def keep(self, spec: TrainingSpec, progress: Progress) -> None:
        """Both are over, and this is the one that goes on."""
        self._spec, self.progress, self._is_over = spec, progress, True

    def refit(self, spec: TrainingSpec, prepared: Prepared, problem: Problem) -> Progress:
        """The refit begins, or goes on: how far it has come, which the loop changes. What is told from now on is told
        of it."""
        before = self.progress
        if before.refit is None:
            before.refit = Progress(State.start(problem))
            before.state.moments = {}  # nobody goes on from there
            rows = len(prepared.train)
            text = f"now training on all {rows:,} training and validation rows, for {spec.last_epoch:,} epochs"
            self._teller.add({}, [("message", {"text": text})])
        share = self._stage.ends_at
        self._stage = RefitStage(spec, len(prepared.train), prepared.target_scales, before.refit, share)
        self._epoch_began, self._is_over = self._stage.began, False
        return before.refit

    def give_up_refit(self, why: str) -> None:
        """The refit is left out, and what it has done."""
        self.progress.refit = None
        self._stage = self._judged_stage
        self._stage.without_refit()
        self._is_over = True
        done = self._stage.figures(self.progress.history[-1], is_last=True)
        self._teller.add({"progress": done}, [("message", {"text": f"no refit: {why}"})])

    def epoch(self, ended: EpochEnded) -> None:
        """Tell of an epoch, and save the progress when the time has come. Raises WorkerStopping, with all saved."""
        self._epoch_began = time.perf_counter()
        if is_time_again(self._told, self._stage.began):
            self._told = self._epoch_began
            self._tell(ended)
            self._teller.tell()
        leaves = self._teller.lease.is_to_leave
        if leaves or self._checkpoints.is_due:
            self._teller.tell()  # an attempt that goes on does not tell it again
            self._checkpoints.save(self._whole)
        if leaves:
            self._teller.lease.check()

    def end(self) -> None:
        """Tell of the last epoch, unless that was told already, by this attempt or by the one before; when training has
        stopped early, say so. Soon after the last telling that is left to whoever ends the job."""
        self._epoch_began, self._is_over = -math.inf, True
        stage = self._stage
        last = stage.progress.history[-1]
        self._tell(last, is_last=True, is_known=(stage.name, last.epoch) == self._told_epoch)
        if stage.is_course and (why := why_ended(self.progress, self._spec)):
            self._teller.add({}, [("message", {"text": f"{stage.called}{why}"})])
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
        most, stage = self._teller.lease.settings.max_job_seconds, self._stage
        progress = stage.progress
        if self._is_over:
            return report_too_long(most)
        learning = sum(ended.seconds for ended in progress.history[stage.first_epoch :])
        share = min(learning / (time.perf_counter() - stage.began), 1.0)  # the rest went to saving and telling
        return training_too_long(most, self._prepared_seconds, share, progress.epoch, progress.best_epoch)

    def _tell(self, ended: EpochEnded, is_last: bool = False, is_known: bool = False) -> None:
        """Tell of an epoch soon; of one that is known already, only how far the training is. An epoch of the refit has
        no place in the course of losses, and is told as mere progress."""
        stage = self._stage
        stage.count(ended.epoch)
        figures = stage.figures(ended, is_last)
        told: jobs.Told = (
            ("epoch", {**figures, "learning_rate": ended.learning_rate}) if stage.is_course else ("progress", figures)
        )
        self._teller.add({"progress": figures}, [] if is_known else [told])
        self._told_epoch = stage.name, ended.epoch
