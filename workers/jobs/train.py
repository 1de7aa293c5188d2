"""The story of one training job, on one screen: prepare, pose, learn, judge, publish; or the reason why not."""

from __future__ import annotations

import time

import numpy as np
import structlog

from service.store.tables import JobRow
from service.wiring import Deps
from workers.jobs.choices import choices
from workers.jobs.judge import contender_of
from workers.jobs.pose import Posed, pose, prepared_for
from workers.jobs.publish import publish
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import AskedTraining, TrainingRecorder, asked_training, tell_choices
from workers.jobs.runs.contest import better_of_both
from workers.jobs.runs.learn import learn
from workers.jobs.speed import measured
from workers.lease import Lease
from workers.training.data.prepare import Prepared

log = structlog.get_logger(__name__)


def train(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a training job. What it raises ends the job (see `workers.jobs.endings`)."""
    started = time.perf_counter()
    teller = Teller(deps, lease)
    with teller.telling(), np.errstate(over="ignore", invalid="ignore"):  # told where the figures are kept
        asked = asked_training(teller)
        prepared = prepared_for(deps, asked)
        lease.check()
        contest = None
        if asked.spec.compares:
            posed, recorder, contest = better_of_both(teller, asked, prepared, started)
        else:
            posed, recorder = _learnt(teller, asked, prepared, started)
        contender = contender_of(deps, posed, recorder, started, contest)
        seconds = time.perf_counter() - started
        alone = seconds - (contest.seconds_of_other if contest else 0.0)
        speed = measured(posed.spec, prepared, posed.problem.network, recorder.progress.history, alone)
        version = publish(teller, contender, speed)
        recorder.published()
    log.info("published", job=lease.row.id, model=posed.spec.model, version=version, seconds=round(seconds, 3))


def _learnt(teller: Teller, asked: AskedTraining, prepared: Prepared, started: float) -> tuple[Posed, TrainingRecorder]:
    """A training that has made its epochs. Raises WorkFailed, and what ends the job otherwise."""
    settings = teller.deps.settings
    posed = pose(asked, prepared, settings.max_parameters)
    chosen = choices(asked.spec, posed.rates, posed.spec.device, prepared.transform)
    tell_choices(teller, posed.spec, prepared, chosen, posed.how)
    recorder = TrainingRecorder(teller, posed.spec, prepared, posed.problem, started)
    learn(posed, recorder.progress, recorder, settings.worker_processes)
    return posed, recorder
