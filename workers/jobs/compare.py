"""The story of a comparison, on one screen: three descents on scaled columns, three on raw ones, a result."""

from __future__ import annotations

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
from workers.comparison.rates import stable_learning_rate
from workers.comparison.result import make_result
from workers.jobs.comparison_record import ComparisonRecorder
from workers.lease import Lease
from workers.training.engines.objectives import loss_scale
from workers.training.problem import State

GENTLER = 0.1  # what a chosen rate is multiplied by where a network's descent diverged at it
TRIES = 5

log = structlog.get_logger(__name__)


def compare(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a comparison. What it raises ends the job (see `workers.jobs.endings`)."""
    with np.errstate(over="ignore", invalid="ignore"):  # a descent whose figures are no numbers has diverged
        _compare(deps, lease)


def _compare(deps: Deps, lease: Lease[JobRow]) -> None:
    recorder = ComparisonRecorder(deps, lease)
    spec, dataset = recorder.start()
    courses = recorder.finished()
    with datasets.stored_table(deps.blobs, dataset) as path:
        for scaled in SCALERS:
            ground = lay(path, spec, dataset, scaled, deps.settings)
            lease.check()
            done = {course.descent.name for course in courses if course.descent.scaled is scaled}
            for descent in ground.descents(spec):
                if descent.name not in done:
                    courses.append(_course(spec, ground, descent, recorder, lease, len(courses)))
                    recorder.keep(courses)
                    recorder.ended(courses[-1], spec, ground.terrain.rows, len(courses), ground.scale.scale)
    recorder.end(make_result(spec, courses, ground.baseline, ground.terrain.rows, ground.scale))
    log.info("compared", job=lease.row.id)


def _course(
    spec: ComparisonSpec,
    ground: Ground,
    descent: Descent,
    recorder: ComparisonRecorder,
    lease: Lease[JobRow],
    done: int,
) -> DescentCourse:
    """The descent from its start until it arrives or ends. A rate of our own choice that is too large all the same
    (behind a hidden layer curvature is a guide only) is made smaller."""
    course = _one(spec, ground, descent, recorder, lease, done)
    for _ in range(TRIES if spec.learning_rate == "auto" else 0):
        if not course.diverged:
            break
        descent = replace(descent, learning_rate=descent.learning_rate * GENTLER)
        course = _one(spec, ground, descent, recorder, lease, done)
    return course


def _one(
    spec: ComparisonSpec,
    ground: Ground,
    descent: Descent,
    recorder: ComparisonRecorder,
    lease: Lease[JobRow],
    done: int,
) -> DescentCourse:
    goal = None if ground.least is None else goal_loss(ground.baseline, ground.least, spec.tolerance)
    stable = stable_learning_rate(spec, ground.terrain, descent.batch_size)
    recorder.begun(descent, stable, spec, done)
    points: list[LossPoint] = []
    rows, most, state = ground.terrain.rows, ground.most_steps, State.start(ground.problem)
    diverged = False
    try:
        for point in descend(ground.engine, state, descent, spec.seed, spec.epochs, rows, most, lease.check):
            points.append(point)
            recorder.looked(descent, point, spec, rows, done, loss_scale((ground.scale,)))
            if goal is not None and point.loss <= goal:
                break
    except WorkFailed as error:
        if error.code != "diverged":
            raise
        diverged = True
    condition = ground.terrain.curvature.condition_number
    ended_higher = points[-1].loss > points[0].loss
    return DescentCourse(descent, stable, condition, ground.least, tuple(points), diverged or ended_higher)
