"""What a model has learnt, and what its predictions are worth, on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.domain.cells.columns import Floats
from service.domain.model.predictor import Predictor
from workers.explain.calibration import calibration
from workers.explain.classes import curves, per_class
from workers.explain.dependence import TOP, dependences
from workers.explain.importance import CONFIDENCE, Importances, importances
from workers.explain.intervals import intervals
from workers.explain.residuals import residual_summary
from workers.training.data.fill import Part
from workers.training.data.prepare import Prepared

Understood = dict[str, Any]
Warnings = list[dict[str, str]]
TOLD = ("importance", "importance_on", "residuals", "intervals", "classes", "partial_dependence")
MOST_TARGETS = 10  # that are explained: each takes as long as one


def understand_each(
    predictor: Predictor, prepared: Prepared, scores: Mapping[str, Floats], seed: int
) -> tuple[list[Understood], Warnings]:
    """What `understand` says. Of several targets: its parts as null, then those of each target alone."""
    if len(predictor.targets) == 1:
        found, warnings = understand(predictor, prepared, scores, seed)
        return [found], warnings
    nothing: Understood = dict.fromkeys(TOLD)
    every, warnings = [nothing], []
    for index, (rows, one) in enumerate(zip(prepared.each(), predictor.each(), strict=True)):
        if index >= MOST_TARGETS:
            every.append(nothing)
            continue
        found, noticed = understand(one, rows, {name: said[:, index] for name, said in scores.items()}, seed)
        every.append(found)
        warnings += [warning for warning in noticed if warning not in warnings]
    if len(predictor.targets) > MOST_TARGETS:
        detail = f"importance, residuals and intervals were computed for the first {MOST_TARGETS} targets only"
        warnings.append({"code": "explained_some", "detail": detail})
    return every, warnings


def understand(
    predictor: Predictor, prepared: Prepared, scores: Mapping[str, Floats], seed: int
) -> tuple[Understood, Warnings]:
    """Parts of the report, and what is to be said of them. `scores` are the model's on each part, in its rows' order.

    Everything is judged on the validation rows, else on the test rows; a part that needs such rows is null without.
    """
    held_out = next((name for name in ("validation", "test") if len(prepared.parts[name])), None)
    found: Understood = dict.fromkeys(TOLD)
    if held_out is None:
        found["partial_dependence"] = dependences(predictor, prepared.train, None, seed)
        return found, [_nothing_held_out(bool(predictor.classes))]
    part = prepared.parts[held_out]
    ranking = importances(predictor, part, seed)
    found["importance"] = ranking.ranked
    found["importance_on"] = {
        "part": held_out,
        "metric": ranking.metric,
        "rows": ranking.effort.rows,
        "repeats": ranking.effort.repeats,
        "confidence": CONFIDENCE,
    }
    names = [one["feature"] for one in ranking.ranked[:TOP]]
    found["partial_dependence"] = dependences(predictor, prepared.train, names, seed)
    if predictor.classes:
        found["classes"] = _classes(predictor, part, scores[held_out], held_out)
    else:
        rows = prepared.rows_of(held_out)
        found["residuals"] = residual_summary(part.truth[:], scores[held_out], rows, held_out, seed)
        found["intervals"] = _intervals(prepared, scores, held_out, seed)
    return found, _left_out(ranking)


def _classes(predictor: Predictor, part: Part, probabilities: Floats, name: str) -> dict[str, Any]:
    truth = part.truth[:].astype(np.int64)
    return {
        "part": name,
        "rows": len(part),
        "per_class": per_class(truth, probabilities, predictor.classes),
        "curves": curves(truth, probabilities, predictor.classes),
        "calibration": calibration(truth, probabilities),
    }


def _intervals(prepared: Prepared, scores: Mapping[str, Floats], held_out: str, seed: int) -> list[dict[str, Any]]:
    residuals = {name: prepared.parts[name].truth[:] - scores[name] for name in (held_out, "test")}
    fresh = residuals["test"] if held_out != "test" else np.empty(0)
    return intervals(residuals[held_out], fresh, held_out, "test", seed)


def _nothing_held_out(classes: bool) -> dict[str, str]:
    missing = "importance, curves and calibration" if classes else "importance, residuals and prediction intervals"
    return {
        "code": "nothing_held_out",
        "detail": f'there are no held-out rows, which {missing} need; use "split": {{"validation": 0.2}}',
    }


def _left_out(ranking: Importances) -> Warnings:
    if not ranking.left_out:
        return []
    detail = (
        f"importance was measured only for "
        f"the {ranking.effort.features} features with the largest effect on the network's first layer; "
        f"{ranking.left_out} others are not listed"
    )
    return [{"code": "importance_of_some", "detail": detail}]
