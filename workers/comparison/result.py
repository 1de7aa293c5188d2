"""What a comparison answers: each descent's way to the tolerance in figures and as a curve, and a sentence on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.domain.jobs.comparison import ComparisonSpec
from service.domain.model.predictor import TargetScale
from workers.comparison.course import DescentCourse, goal_loss, thinned
from workers.comparison.sentence import SpokenFigures, sentence
from workers.show.descents import pictures
from workers.training.engines.objectives import in_user_units, loss_scale

MOST_POINTS = 200  # of a curve


def make_result(
    spec: ComparisonSpec, courses: Sequence[DescentCourse], baseline: float, rows: int, scale: TargetScale
) -> dict[str, Any]:
    """Losses are in the target's units. Without an exact optimum the least loss is the lowest that any descent saw."""
    exact = least_losses(spec.network.bias, courses)
    lowest = min(course.lowest for course in courses)
    leasts = exact or dict.fromkeys((True, False), lowest)

    def units(loss: float) -> float:
        return in_user_units(spec.loss, loss, loss_scale((scale,)))

    descents = []
    for course in courses:
        least = leasts[course.descent.scaled]
        goal = goal_loss(baseline, least, spec.tolerance)
        arrival = course.arrival(goal)
        end = arrival or course.points[-1]
        before = course.before(end) if arrival else None
        descents.append(
            {
                "descent": course.descent.name,
                "scaled": course.descent.scaled,
                "batch_size": course.descent.batch_size,
                "learning_rate": course.descent.learning_rate,
                "stable_learning_rate": course.stable_learning_rate,
                "condition_number": course.condition_number,
                "reached": arrival is not None,
                "diverged": course.diverged,
                "epochs": end.rows_touched / rows,
                "steps": end.steps,
                "steps_least": end.steps if before is None else before.steps + 1,
                "rows_touched": end.rows_touched,
                "rows_touched_least": end.rows_touched
                if before is None
                else min(before.rows_touched + course.descent.batch_size, end.rows_touched),
                "seconds": end.seconds,
                "loss": units(end.loss),
                "goal_loss": units(goal),
                "least_loss": units(least),
                "curve": [
                    {
                        "epoch": point.rows_touched / rows,
                        "steps": point.steps,
                        "rows_touched": point.rows_touched,
                        "loss": units(point.loss),
                    }
                    for point in thinned(course.points, MOST_POINTS, end)
                ],
            }
        )
    result = {
        "task": spec.task,
        "loss": spec.loss,
        "rows": rows,
        "tolerance": spec.tolerance,
        "baseline_loss": units(baseline),
        "least_is": "exact" if exact else "lowest seen",
        "descents": descents,
        "sentence": sentence(
            spec.tolerance,
            [SpokenFigures.of(descent) for descent in descents],
            "the best loss" if exact else "the lowest loss that any of them reached",
        ),
    }
    return {**result, "pictures": pictures(result)}


def least_losses(bias: bool, courses: Sequence[DescentCourse]) -> dict[bool, float] | None:
    """The exact optimum on scaled columns (True) and on raw ones; None where one of them is not known. With a bias both
    are the same, since what scaling shifts and stretches the weights make up for."""
    exact = {course.descent.scaled: course.least for course in courses if course.least is not None}
    if bias and exact:
        exact = dict.fromkeys((True, False), next(iter(exact.values()))) | exact
    return exact if {course.descent.scaled for course in courses} <= set(exact) else None
