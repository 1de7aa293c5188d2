"""From weights that were learnt to a version that may be published: the model, and what can be said of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from service.domain.model.predictor import Predictor
from service.domain.report.refit import Refit
from service.domain.report.report import Report
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec
from service.store import datasets
from service.wiring import Deps
from workers.explain.certificate import Trained, certify
from workers.explain.linear_neuron import linear_neuron
from workers.explain.temperature import scores_of, temperature_of
from workers.export.files import taken_along
from workers.jobs.better import Contest, predictor_of
from workers.jobs.pose import Posed, room_of
from workers.jobs.record.training import AskedTraining, TrainingRecorder
from workers.jobs.report import Evidence, Learnt, Origin, judged_report, published_report
from workers.jobs.rival import Contender, JudgingRows, judged_figure
from workers.training.data.merged import merged_warnings
from workers.training.held_out import calibrated, held_out
from workers.training.progress import Progress, why_ended


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A model that was judged by `rows` that it had not seen, and what is said of it. `learnt` is what it was trained
    on as well: None where a refit follows, which needs that memory."""

    spec: TrainingSpec
    predictor: Predictor
    report: Report
    rows: JudgingRows
    learnt: Learnt | None


@dataclass(frozen=True, slots=True)
class Published:
    """What is published: what a run has left, how the refit went if it is of one, and why not if it should be."""

    learnt: Learnt
    refit: Refit | None = None
    noticed: Sequence[Warned] = ()


def learnt_of(posed: Posed, progress: Progress) -> Learnt:
    """What a run has left, with the model that it makes."""
    return Learnt(posed.spec, posed.prepared, predictor_of(posed, progress), progress, posed.curvature)


def judged_by_held_out(
    posed: Posed, recorder: TrainingRecorder, started: float, contest: Contest | None = None
) -> JudgedRun:
    """The model that a run has made, by the rows that it has held out; it has won a `contest` if there was one."""
    asked, spec, prepared, progress = posed.asked, posed.spec, posed.prepared, recorder.progress
    learnt = learnt_of(posed, progress)
    held = held_out(learnt.predictor, prepared)
    learnt = replace(learnt, predictor=calibrated(learnt.predictor, held))
    seconds = time.perf_counter() - started
    linear = None
    if contest is None and spec.network.kind == "mlp":
        linear = linear_neuron(spec, prepared, learnt.predictor, recorder.check)
    found = contest.tempered if contest is not None and spec.network.kind == "mlp" else None
    if found is None:
        found = temperature_of(spec, learnt.predictor, held.prepared.parts["validation"])
    if found is not None and found.told.is_applied:
        learnt = replace(learnt, predictor=replace(learnt.predictor, temperature=found.value))
        scores = scores_of(learnt.predictor, held.prepared.parts["validation"])
        held = held_out(learnt.predictor, prepared).with_scores("validation", found.probabilities(scores))
    dataset, other = asked.dataset, asked.other
    origin = Origin(dataset.sha256, other.sha256 if other else None, posed.how, asked.column_notes, seconds)
    report = judged_report(learnt, Evidence(held, linear, found, contest), origin, [*asked.warnings, *_cut_off(learnt)])
    rows = JudgingRows.of(prepared, judged_figure(spec, held))
    return JudgedRun(spec, learnt.predictor, report, rows, None if spec.refits else learnt)


def _cut_off(learnt: Learnt) -> list[Warned]:
    """A warning of a training that its budget of time has ended within an epoch."""
    why = why_ended(learnt.progress, learnt.spec) if learnt.progress.history[-1].share < 1 else None
    return [] if why is None else [Warned("cut_off", why)]


def contender_of(
    deps: Deps,
    asked: AskedTraining,
    judged: JudgedRun,
    published: Published,
    recorder: TrainingRecorder,
) -> Contender:
    """The published model beside the judged one, with all that can be said of both."""
    stored_table = partial(datasets.stored_table, deps.blobs)
    learnt, predictor = published.learnt, published.learnt.predictor
    trained = Trained(
        partial(stored_table, asked.dataset),
        learnt.spec,
        asked.kinds,
        learnt.prepared,
        predictor,
        learnt.progress.epoch,
        room_of(deps).copies_bytes,
    )
    certified = certify(trained, recorder.check)
    along = taken_along(predictor)
    noticed = [*published.noticed, *merged_warnings(learnt.prepared.merged), *along.warnings]
    report = published_report(judged.report, learnt, certified, published.refit, noticed)
    judging = asked.other or asked.dataset
    return Contender(
        judged.spec, judged.rows, judged.predictor, predictor, judging, partial(stored_table, judging), report,
        along.files,
    )  # fmt: skip
