"""Answers as JSON has them: lists side by side, one entry for each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.domain.columns import Floats
from service.domain.outputs import Answered, Plan, intercept_name, score_names
from service.domain.predictor import label_text

Lists = dict[str, list[Any]]


def json_lists(plan: Plan, rows: Answered) -> Lists:
    """`predictions`, `intervals`, `contributions` and `flags`: those that were chosen.

    An interval is `[low, high]`, contributions are `{"intercept": …, feature: …}`; of several targets, or more than two
    classes, `{name: …}` of each. Where some columns were chosen, predictions have those only; an interval is whole.
    """
    lists: Lists = {}
    if plan.has("label", "prediction"):
        lists["predictions"] = _predictions(plan, rows)
    if plan.half_widths is not None and plan.has("low", "high"):
        lists["intervals"] = _intervals(plan, rows, plan.half_widths)
    if rows.contributions is not None:
        lists["contributions"] = _contributions(plan, rows.contributions)
    if rows.flags is not None:
        lists["flags"] = list(rows.flags)
    return lists


def _predictions(plan: Plan, rows: Answered) -> list[Any]:
    predictor = plan.predictor
    single = isinstance(predictor.target, str) and not predictor.classes
    answers = predictor.answers(rows.values[:, 0] if single else rows.values)
    chosen = [slot.output for slot in plan.of("prediction")]
    if single or (len(chosen) == rows.values.shape[1] and plan.has("label") == bool(predictor.classes)):
        return answers
    if not predictor.classes:
        names = [predictor.targets[output] for output in chosen]
        return [{name: answer[name] for name in names} for answer in answers]
    keys = [label_text(predictor.classes[output]) for output in chosen]
    return [_of_class(answer, plan.has("label"), keys) for answer in answers]


def _of_class(answer: dict[str, Any], labelled: bool, keys: list[str]) -> dict[str, Any]:
    """A prediction of classes with the chosen parts only."""
    kept: dict[str, Any] = {"label": answer["label"]} if labelled else {}
    return {**kept, "probabilities": {key: answer["probabilities"][key] for key in keys}} if keys else kept


def _intervals(plan: Plan, rows: Answered, half_widths: Floats) -> list[Any]:
    outputs = sorted({slot.output for slot in (*plan.of("low"), *plan.of("high"))})
    centres, widths = rows.values[:, outputs], half_widths[outputs]
    pairs = np.stack([centres - widths, centres + widths], axis=2).tolist()
    if isinstance(plan.predictor.target, str):
        return [pair for (pair,) in pairs]
    names = [plan.predictor.targets[output] for output in outputs]
    return [dict(zip(names, row, strict=True)) for row in pairs]


def _contributions(plan: Plan, sums: Floats) -> list[Any]:
    features = [intercept_name(plan.predictor), *plan.predictor.feature_kinds]
    chosen: dict[int, list[int]] = {}
    for slot in plan.of("contribution"):
        chosen.setdefault(slot.output, []).append(slot.feature)
    each = [
        [dict(zip([features[one] for one in some], row, strict=True)) for row in sums[:, output, some].tolist()]
        for output, some in chosen.items()
    ]
    names = score_names(plan.predictor)
    if not names:
        return each[0]
    return [dict(zip([names[output] for output in chosen], row, strict=True)) for row in zip(*each, strict=True)]
