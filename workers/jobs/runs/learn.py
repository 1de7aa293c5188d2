"""The epochs of a run that was posed: made on as many threads as it may have, and recorded."""

from __future__ import annotations

from dataclasses import replace

from service.errors import WorkFailed
from workers.jobs.divergence import explained
from workers.jobs.pose import Posed
from workers.jobs.record.training import TrainingRecorder
from workers.training.loop import train as epochs
from workers.training.progress import Progress
from workers.training.schedules import RateSchedule
from workers.training.threads import computing_with, count_threads


def learn(
    posed: Posed,
    progress: Progress,
    recorder: TrainingRecorder,
    processes: int,
    schedule: RateSchedule | None = None,
    budget_seconds: float | None = None,
) -> None:
    """Make the epochs that are left, by a schedule and within a budget of time in the place of the spec's if there are
    any. Raises WorkFailed, and what ends the job otherwise."""
    spec, shape = posed.spec, posed.prepared.train.inputs.shape
    threads = count_threads(posed.problem.network, spec.step_rows(shape[0]), processes)
    rate, validating = posed.rates.learning_rate, len(posed.prepared.parts["validation"])
    bounded = spec if budget_seconds is None else replace(spec, budget_seconds=budget_seconds)
    try:
        with computing_with(threads):
            for ended in epochs(posed.engine, progress, bounded, rate, shape, recorder.check, schedule, validating):
                recorder.epoch(ended)
        recorder.end()
    except WorkFailed as error:
        raise explained(error, posed.asked.spec, spec, posed.curvature, posed.prepared) from None
