"""The story of one training job, on one screen: prepare, pose, learn, judge, refit, publish; or the reason why not."""

from __future__ import annotations

import time

import numpy as np
import structlog

from service.store.tables import JobRow
from service.tracing import span
from service.wiring import Deps
from workers.jobs.choices import choices
from workers.jobs.judge import JudgedRun, contender_of, judged_by_held_out
from workers.jobs.pose import pose, prepared_for
from workers.jobs.publish import publish
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import AskedTraining, TrainingRecorder, asked_training, tell_choices
from workers.jobs.runs.contest import better_of_both
from workers.jobs.runs.learn import learn
from workers.jobs.runs.refit import published_of
from workers.jobs.speed import measured
from workers.lease import Lease

log = structlog.get_logger(__name__)


def train(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a training job. What it raises ends the job (see `workers.jobs.endings`)."""
    started = time.perf_counter()
    teller = Teller(deps, lease)
    with teller.telling(), np.errstate(over="ignore", invalid="ignore"):  # told where the figures are kept
        asked = asked_training(teller)
        with span("learn and judge"):
            asked, judged, recorder, others = _judged(teller, asked, started)
        with span("refit"):
            published = published_of(deps, asked, judged, recorder)
        contender = contender_of(deps, asked, judged, published, recorder)
        seconds = time.perf_counter() - started - others
        speed = measured(judged.spec, judged.report.rows, judged.predictor.network, recorder.progress, seconds)
        with span("publish", model=judged.spec.model):
            version = publish(teller, contender, speed)
        recorder.published()
    log.info("published", job=lease.row.id, model=judged.spec.model, version=version, seconds=round(seconds, 3))


def _judged(
    teller: Teller, asked: AskedTraining, started: float
) -> tuple[AskedTraining, JudgedRun, TrainingRecorder, float]:
    """The model of the run that holds rows out, as they judge it; what was asked for, which of two trainings is the
    better one's; and the seconds that the other took. Its rows are gone afterwards where a refit follows. Raises
    WorkFailed, and what ends the job otherwise."""
    deps = teller.deps
    if asked.spec.compares:
        posed, recorder, contest = better_of_both(teller, asked, started)
        judged = judged_by_held_out(posed, recorder, started, contest)
        return posed.asked, judged, recorder, contest.seconds_of_other
    prepared = prepared_for(deps, asked)
    teller.lease.check()
    posed = pose(asked, prepared, deps.settings.max_parameters)
    chosen = choices(asked.spec, posed.rates, posed.spec.device, prepared.merged)
    tell_choices(teller, posed.spec, prepared, chosen, posed.how)
    recorder = TrainingRecorder(teller, posed.spec, prepared, posed.problem, started)
    if recorder.progress.refit is None:
        learn(posed, recorder.progress, recorder, deps.settings.worker_processes)
    return asked, judged_by_held_out(posed, recorder, started), recorder, 0.0
