"""What a model has learnt, and what its predictions are worth, on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.predictor import Predictor
from service.domain.report.classes import JudgedClasses
from service.domain.report.features import ImportanceOn
from service.domain.report.regression import Interval
from service.domain.report.report import Explanation
from service.domain.report.warned import Warned
from workers.explain.calibration import calibration
from workers.explain.classes import curves, per_class
from workers.explain.dependence import TOP, dependences
from workers.explain.importance import CONFIDENCE, Importances, importances
from workers.explain.intervals import intervals
from workers.explain.residuals import residual_summary
from workers.training.data.fill import FilledPart
from workers.training.data.prepare import Prepared

MOST_TARGETS = 10  # that are explained: each takes as long as one


def understand_each(
    predictor: Predictor, prepared: Prepared, scores: Mapping[str, Floats], seed: int
) -> tuple[list[Explanation], list[Warned]]:
    """What `understand` says of each target, with nothing of those beyond `MOST_TARGETS`."""
    if len(predictor.targets) == 1:
        found, warnings = understand(predictor, prepared, scores, seed)
        return [found], warnings
    every: list[Explanation] = []
    warnings = []
    for index, (rows, one) in enumerate(zip(prepared.each(), predictor.each(), strict=True)):
        if index >= MOST_TARGETS:
            every.append(Explanation())
            continue
        found, noticed = understand(one, rows, {name: said[:, index] for name, said in scores.items()}, seed)
        every.append(found)
        warnings += [warning for warning in noticed if warning not in warnings]
    if len(predictor.targets) > MOST_TARGETS:
        detail = f"importance, residuals and intervals were computed for the first {MOST_TARGETS} targets only"
        warnings.append(Warned("explained_some", detail))
    return every, warnings


def understand(
    predictor: Predictor, prepared: Prepared, scores: Mapping[str, Floats], seed: int
) -> tuple[Explanation, list[Warned]]:
    """The explanation of one target, and the warnings about it. `scores` are the model's on each part, in its rows'
    order.

    Everything is evaluated on the validation rows, else on the test rows; a part that needs such rows is None without.
    """
    held_out = next((name for name in ("validation", "test") if len(prepared.parts[name])), None)
    if held_out is None:
        nothing_held_out = Explanation(partial_dependence=dependences(predictor, prepared.train, None, seed))
        return nothing_held_out, [_nothing_held_out(bool(predictor.classes))]
    part = prepared.parts[held_out]
    ranking = importances(predictor, part, seed)
    effort = ranking.effort
    told = Explanation(
        importance=ranking.ranked,
        importance_on=ImportanceOn(held_out, ranking.metric, effort.rows, effort.repeats, CONFIDENCE),
        partial_dependence=dependences(predictor, prepared.train, [one.feature for one in ranking.ranked[:TOP]], seed),
    )
    if predictor.classes:
        told = replace(told, classes=_classes(predictor, part, scores[held_out], held_out))
    else:
        rows = prepared.rows_of(held_out)
        told = replace(
            told,
            residuals=residual_summary(part.truth[:], scores[held_out], rows, held_out, seed),
            intervals=_intervals(prepared, scores, held_out, seed),
        )
    return told, _left_out(ranking)


def _classes(predictor: Predictor, part: FilledPart, probabilities: Floats, name: str) -> JudgedClasses:
    truth = part.truth[:].astype(np.int64)
    return JudgedClasses(
        name,
        len(part),
        per_class(truth, probabilities, predictor.classes),
        curves(truth, probabilities, predictor.classes),
        calibration(truth, probabilities),
    )


def _intervals(prepared: Prepared, scores: Mapping[str, Floats], held_out: str, seed: int) -> list[Interval]:
    residuals = {name: prepared.parts[name].truth[:] - scores[name] for name in (held_out, "test")}
    fresh = residuals["test"] if held_out != "test" else np.empty(0)
    return intervals(residuals[held_out], fresh, held_out, "test", seed)


def _nothing_held_out(classes: bool) -> Warned:
    missing = "importance, curves and calibration" if classes else "importance, residuals and prediction intervals"
    return Warned(
        "nothing_held_out",
        f'all rows were trained on: {missing} need others; leave some out with "split": {{"validation": 0.2}}',
    )


def _left_out(ranking: Importances) -> list[Warned]:
    if not ranking.left_out:
        return []
    detail = (
        f"importance was measured only for "
        f"the {ranking.effort.features} features with the largest effect on the network's first layer; "
        f"{ranking.left_out} others are not listed"
    )
    return [Warned("importance_of_some", detail)]
