"""The story of a comparison, on one screen: three descents on scaled columns, three on raw ones, a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import structlog

from service.domain.jobs.comparison import ComparisonSpec
from service.errors import WorkFailed
from service.store import datasets
from service.store.tables import JobRow
from service.wiring import Deps
from workers.comparison.course import DescentCourse, goal_loss
from workers.comparison.descent import Descent, LossPoint, descend
from workers.comparison.ground import SCALERS, Ground, lay
from workers.comparison.result import make_result
from workers.jobs.record.comparison import ComparisonRecorder
from workers.lease import Lease
from workers.training.problem import State

GENTLER = 0.1  # what a chosen rate is multiplied by where a network's descent diverged at it
TRIES = 5

log = structlog.get_logger(__name__)


def compare(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a comparison. What it raises ends the job (see `workers.jobs.endings`)."""
    with np.errstate(over="ignore", invalid="ignore"):  # a descent whose figures are no numbers has diverged
        recorder = ComparisonRecorder(deps, lease)
        spec, dataset = recorder.spec, recorder.dataset
        with datasets.stored_table(deps.blobs, dataset) as path:
            for scaled in SCALERS:
                ground = lay(path, spec, dataset, scaled, deps.settings)
                lease.check()
                for descent in ground.descents(spec):
                    if not recorder.has(descent):
                        recorder.keep(_course(spec, ground, descent, recorder, lease.check), ground)
        recorder.end(make_result(spec, recorder.courses, ground.baseline, ground.terrain.rows, ground.scale))
    log.info("compared", job=lease.row.id)


def _course(
    spec: ComparisonSpec, ground: Ground, descent: Descent, recorder: ComparisonRecorder, check: Callable[[], None]
) -> DescentCourse:
    """The descent from its start until it arrives or ends. A rate of our own choice that is too large all the same
    (behind a hidden layer curvature is a guide only) is made smaller."""
    course = _one(spec, ground, descent, recorder, check)
    for _ in range(TRIES if spec.learning_rate == "auto" else 0):
        if not course.diverged:
            break
        descent = replace(descent, learning_rate=descent.learning_rate * GENTLER)
        course = _one(spec, ground, descent, recorder, check)
    return course


def _one(
    spec: ComparisonSpec, ground: Ground, descent: Descent, recorder: ComparisonRecorder, check: Callable[[], None]
) -> DescentCourse:
    """The descent at its own rate."""
    goal = None if ground.least is None else goal_loss(ground.baseline, ground.least, spec.tolerance)
    stable = ground.stable_learning_rate(spec, descent)
    recorder.begun(descent, stable)
    points: list[LossPoint] = []
    diverged = False
    try:
        for point in descend(
            ground.engine, State.start(ground.problem), descent, spec.seed, spec.epochs, ground.terrain.rows,
            ground.most_steps, check,
        ):  # fmt: skip
            points.append(point)
            recorder.looked(descent, point, ground)
            if goal is not None and point.loss <= goal:
                break
    except WorkFailed as error:
        if error.code != "diverged":
            raise
        diverged = True
    ended_higher = points[-1].loss > points[0].loss
    condition = ground.terrain.curvature.condition_number
    return DescentCourse(descent, stable, condition, ground.least, tuple(points), diverged or ended_higher)
