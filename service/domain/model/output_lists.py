"""Answers as JSON has them: lists side by side, one entry for each row.

Chosen columns leave the shape of an answer as it is, which clients in typed languages rely on: `predictions` are always
there, numbers and labels whole; of several targets, of probabilities and of contributions the chosen ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.outputs import Answered, AnswerPlan
from service.domain.model.predictor import label_text
from service.domain.model.slots import SlotPart, intercept_name, score_names

BESIDE: dict[str, tuple[SlotPart, ...]] = {
    "intervals": ("low", "high"),
    "contributions": ("contribution",),
    "flags": ("flags",),
}


def list_names(plan: AnswerPlan) -> list[str]:
    """`predictions`, and those of `intervals`, `contributions` and `flags` that have a chosen column."""
    return ["predictions", *(name for name, parts in BESIDE.items() if plan.has(*parts))]


def json_list(name: str, plan: AnswerPlan, rows: Answered) -> list[Any]:
    """One of them. An interval is `[low, high]`, contributions are `{"intercept": …, feature: …}`; of several targets,
    or more than two classes, `{name: …}` of each. An interval is whole where one of its ends was chosen."""
    if name == "intervals" and plan.half_widths is not None:
        return _intervals(plan, rows, plan.half_widths)
    if name == "contributions" and (sums := plan.contributions(rows)) is not None:
        return _contributions(plan, sums)
    if name == "flags":
        return list(rows.flags or ())
    return _predictions(plan, rows)


def _predictions(plan: AnswerPlan, rows: Answered) -> list[Any]:
    predictor = plan.predictor
    answers = predictor.answers(rows.values)
    chosen = [slot.output for slot in plan.of("prediction")]
    if rows.values.ndim == 1 or chosen == list(range(rows.values.shape[1])):
        return answers
    if not predictor.classes:
        names = [predictor.targets[output] for output in chosen]
        return [{name: answer[name] for name in names} for answer in answers]
    keys = [label_text(predictor.classes[output]) for output in chosen]
    return [{**answer, "probabilities": {key: answer["probabilities"][key] for key in keys}} for answer in answers]


def _intervals(plan: AnswerPlan, rows: Answered, half_widths: Floats) -> list[Any]:
    outputs = sorted({slot.output for slot in (*plan.of("low"), *plan.of("high"))})
    centres, widths = rows.by_output[:, outputs], half_widths[outputs]
    pairs = np.stack([centres - widths, centres + widths], axis=2).tolist()
    if isinstance(plan.predictor.target, str):
        return [pair for (pair,) in pairs]
    names = [plan.predictor.targets[output] for output in outputs]
    return [dict(zip(names, row, strict=True)) for row in pairs]


def _contributions(plan: AnswerPlan, sums: Floats) -> list[Any]:
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
