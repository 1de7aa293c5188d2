"""The story of one training job, on one screen: prepare, pose, learn, judge, publish; or the reason why not."""

from __future__ import annotations

import time

import numpy as np
import structlog

from service.errors import WorkFailed
from service.store.tables import JobRow
from service.wiring import Deps
from workers.jobs.choices import choices
from workers.jobs.divergence import explained
from workers.jobs.judge import contender_of
from workers.jobs.pose import Posed, pose, prepared_for
from workers.jobs.publish import publish
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import TrainingRecorder, asked_training, tell_choices
from workers.jobs.speed import measured
from workers.lease import Lease
from workers.training.loop import train as epochs
from workers.training.threads import computing_with, count_threads

log = structlog.get_logger(__name__)


def train(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a training job. What it raises ends the job (see `workers.jobs.endings`)."""
    started = time.perf_counter()
    teller = Teller(deps, lease)
    with teller.telling(), np.errstate(over="ignore", invalid="ignore"):  # told where the figures are kept
        asked = asked_training(teller)
        prepared = prepared_for(deps, asked)
        lease.check()
        posed = pose(asked, prepared, deps.settings.max_parameters)
        chosen = choices(asked.spec, posed.rates, posed.spec.device, prepared.transform)
        tell_choices(teller, posed.spec, prepared, chosen, posed.how)
        recorder = TrainingRecorder(teller, posed.spec, prepared, posed.problem, started)
        _learn(posed, recorder, deps.settings.worker_processes)
        contender = contender_of(deps, posed, recorder, started)
        seconds = time.perf_counter() - started
        speed = measured(posed.spec, prepared, posed.problem.network, recorder.progress.history, seconds)
        version = publish(teller, contender, speed)
        recorder.published()
    log.info("published", job=lease.row.id, model=posed.spec.model, version=version, seconds=round(seconds, 3))


def _learn(posed: Posed, recorder: TrainingRecorder, processes: int) -> None:
    """Make the epochs that are left. Raises WorkFailed, and what ends the job otherwise."""
    spec, shape = posed.spec, posed.prepared.train.inputs.shape
    threads = count_threads(posed.problem.network, spec.step_rows(shape[0]), processes)
    rate = posed.rates.learning_rate
    try:
        with computing_with(threads):
            validating = len(posed.prepared.parts["validation"])
            for ended in epochs(posed.engine, recorder.progress, spec, rate, shape, recorder.check, validating):
                recorder.epoch(ended)
        recorder.end()
    except WorkFailed as error:
        raise explained(error, posed.asked.spec, spec, posed.curvature, posed.prepared) from None
