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
    """Warnings about the classes of a target; the profile has their counts, or its column the rarest one."""
    if TASKS[plan.spec.task].is_regression:
        return
    for target in plan.targets:
        counts = plan.figures.counts(target)
        if counts is None and target.rarest is not None:
            counts = {target.rarest["value"]: int(target.rarest["count"])}
        if counts:
            counts = {plan.figures.table.label(target.name, value): count for value, count in counts.items()}
            if plan.spec.split.order_by is None:  # else nobody knows which of them are the latest
                yield from _rare(plan, counts)
            yield from _imbalance(plan, counts)


def _rare(plan: Plan, counts: dict[object, int]) -> Iterator[Warned]:
    split = plan.spec.split
    told = []
    for label, count in sorted(counts.items(), key=lambda item: item[1]):
        train, validation, test = split_counts(count, split.validation, split.test)
        if train < 1:
            told.append(f"{label!r} has {count} rows: all are used for training, none for evaluation")
        elif train < FEW_TO_LEARN or (split.validation and validation < FEW_TO_JUDGE_BY):
            judge = f"{validation + test} held out" if validation + test else "none held out"
            told.append(f"{label!r} has {count} rows: {train} train, {judge}")
    if told:
        more = f" (and {len(told) - SHOWN} more)" if len(told) > SHOWN else ""
        yield Warned(
            "class_rare",
            f"some classes have too few rows for this split: {'; '.join(told[:SHOWN])}{more}; add rows of these "
            "classes, merge them with others, or leave them out",
            "/target",
        )


def _imbalance(plan: Plan, counts: dict[object, int]) -> Iterator[Warned]:
    most, least = max(counts.values()), min(counts.values())
    if plan.spec.class_weights is not None or most < HUGE * least:
        return
    largest = max(counts, key=lambda label: counts[label])
    yield Warned(
        "classes_imbalanced",
        f"the largest class has {most / least:.0f} times the rows of the smallest: always predicting {largest!r} is "
        f"right in {most / sum(counts.values()):.1%} of them; compare roc_auc or f1 instead of accuracy, and try "
        '"class_weights": "balanced"',
        "/class_weights",
    )
