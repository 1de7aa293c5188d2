"""The second run of a training: on training and validation rows together, for as long as the first has found best."""

from __future__ import annotations

from dataclasses import replace

from service.domain.model.promotion import main_metric
from service.domain.report.refit import Refit
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from service.wiring import Deps
from workers.jobs.judge import JudgedRun, Published, learnt_of
from workers.jobs.pose import pose, prepared_for
from workers.jobs.record.training import AskedTraining, TrainingRecorder
from workers.jobs.report import Learnt
from workers.jobs.runs.learn import learn
from workers.training.engines.objectives import in_user_units, loss_scale
from workers.training.progress import Progress
from workers.training.refit import expected_seconds, refit_schedule, refit_spec

LEFT_OUT = "refit_left_out"
GIVEN_UP = ("diverged", "too_large")  # by the joined rows: what the first run has learnt is as good as it was


def published_of(deps: Deps, asked: AskedTraining, judged: JudgedRun, recorder: TrainingRecorder) -> Published:
    """What is published of a training: the refit, if one was asked for and it can be made; else what was judged.
    Raises WorkFailed, StorageFull, and what ends the job otherwise."""
    if judged.learnt is not None:
        return Published(judged.learnt)
    try:
        return _refitted(deps, asked, judged, recorder)
    except _LeftOut as error:
        why = str(error)
    # beyond that handler, which keeps the refit's rows
    recorder.give_up_refit(why)
    noticed = Warned(LEFT_OUT, f"the published model was not trained on the validation rows as well: {why}")
    return Published(_judged_again(deps, asked, judged, recorder.progress), noticed=[noticed])


class _LeftOut(Exception):
    """Why there is no refit."""


def _refitted(deps: Deps, asked: AskedTraining, judged: JudgedRun, recorder: TrainingRecorder) -> Published:
    """Raises _LeftOut, and what `published_of` raises."""
    settled, before = judged.spec, recorder.progress
    if before.refit is None:
        _check_fits_budget(settled, before)
    prepared = prepared_for(deps, asked, joins=True)
    recorder.check()
    spec = refit_spec(asked.spec, settled, before)
    try:
        posed = pose(replace(asked, spec=spec), prepared, deps.settings.max_parameters)
        progress = recorder.refit(posed.spec, prepared, posed.problem)
        processes, left = deps.settings.worker_processes, _left(settled, before)
        learn(posed, progress, recorder, processes, refit_schedule(settled, before), left)
    except WorkFailed as error:
        if error.code not in GIVEN_UP:
            raise
        raise _LeftOut(error.detail) from error
    learnt = learnt_of(posed, progress)
    held = judged.predictor  # its rows have told what is taken from held-out rows
    predictor = replace(learnt.predictor, calibration=held.calibration, temperature=held.temperature)
    return Published(replace(learnt, predictor=predictor), _told(judged, learnt))


def _check_fits_budget(settled: TrainingSpec, before: Progress) -> None:
    """Raises _LeftOut where the run before has left the refit too little time: by its first epoch, which is always
    made."""
    budget, left = settled.budget_seconds, _left(settled, before)
    if left is not None and expected_seconds(settled, before) > left:
        raise _LeftOut(f"that would exceed budget_seconds ({budget:g} s)")


def _left(settled: TrainingSpec, before: Progress) -> float | None:
    """What the runs before have left of the budget of time."""
    if settled.budget_seconds is None:
        return None
    linear = 0.0 if before.linear is None else before.linear.spent
    return max(settled.budget_seconds - before.spent - linear, 0.0)


def _judged_again(deps: Deps, asked: AskedTraining, judged: JudgedRun, progress: Progress) -> Learnt:
    """What the first run has left, with its rows prepared once more."""
    posed = pose(asked, prepared_for(deps, asked), deps.settings.max_parameters)
    return replace(learnt_of(posed, progress), predictor=judged.predictor)


def _told(judged: JudgedRun, learnt: Learnt) -> Refit:
    rows, progress = len(learnt.prepared.train), learnt.progress
    trained, held_out = (judged.report.rows[name] for name in ("train", "validation"))
    epochs = "1 epoch" if progress.epoch == 1 else f"{progress.epoch:,} epochs"
    scale = loss_scale(learnt.predictor.target_scales)
    return Refit(
        rows,
        progress.epoch,
        in_user_units(learnt.spec.loss, progress.history[-1].train_loss, scale),
        sum(ended.seconds for ended in progress.history),
        main_metric(judged.spec.task, judged.spec.loss),
        judged.rows.figure,
        f"The published model was trained on all {rows:,} training and validation rows, for {epochs}. The figures that "
        f"tell how good it is are those of the model before: trained on {trained:,} rows, and evaluated on "
        f"{held_out:,} validation rows that it had not seen.",
    )
