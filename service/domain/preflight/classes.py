"""Warnings about classes: too few rows of one for the split, or nearly all rows of another."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.preflight.plan import Plan
from service.domain.report.warned import Warned
from service.domain.spec.training import split_counts
from service.domain.vocabulary.tasks import TASKS

FEW_TO_LEARN = 10
FEW_TO_JUDGE_BY = 3
HUGE = 20.0
SHOWN = 5


def class_warnings(plan: Plan) -> Iterator[Warned]:
    """Of a classification; each target has its classes in the profile, or the rarest of them in its column."""
    if TASKS[plan.spec.task].is_regression:
        return
    for target in plan.targets:
        counts = plan.figures.counts(target)
        if counts is None and target.rarest is not None:
            counts = {target.rarest["value"]: int(target.rarest["count"])}
        if counts:
            counts = {plan.figures.table.label(target.name, value): count for value, count in counts.items()}
            yield from _rare(plan, counts)
            yield from _imbalance(plan, counts)


def _rare(plan: Plan, counts: dict[object, int]) -> Iterator[Warned]:
    split = plan.spec.split
    told = []
    for label, count in sorted(counts.items(), key=lambda item: item[1]):
        train, validation, test = split_counts(count, split.validation, split.test)
        if train < 1:
            told.append(f"{label!r} has {count} rows: all of them train, and none judges")
        elif train < FEW_TO_LEARN or (split.validation and validation < FEW_TO_JUDGE_BY):
            judge = f"{validation + test} judge" if validation + test else "none judges"
            told.append(f"{label!r} has {count} rows: {train} train, {judge}")
    if told:
        more = f" (and {len(told) - SHOWN} more)" if len(told) > SHOWN else ""
        yield Warned(
            "class_rare",
            f"too few rows of a class for this split: {'; '.join(told[:SHOWN])}{more}; give more rows of it, merge it "
            "with another, or leave it out",
            "/target",
        )


def _imbalance(plan: Plan, counts: dict[object, int]) -> Iterator[Warned]:
    most, least = max(counts.values()), min(counts.values())
    if plan.spec.class_weights is not None or most < HUGE * least:
        return
    largest = max(counts, key=lambda label: counts[label])
    yield Warned(
        "classes_imbalanced",
        f"the largest class has {most / least:.0f} times the rows of the smallest: always answering {largest!r} is "
        f"right in {most / sum(counts.values()):.1%} of them; judge by roc_auc or f1, and try "
        '"class_weights": "balanced"',
        "/class_weights",
    )
