"""Warnings about features: copies of the target, names of rows, gaps."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.cells.table import Column
from service.domain.preflight.outliers import far_values
from service.domain.preflight.plan import Plan
from service.domain.preflight.warned import at_feature
from service.domain.report.warned import Warned
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.tasks import TASKS

COPY = 0.999  # |r| from which 0.2 % of the variance is left, or less
FEW_ROWS = 20  # in smaller tables values differ, and counts agree, by themselves
MANY_CATEGORIES = 0.5  # of the rows
MANY_GAPS = 0.5


def feature_warnings(plan: Plan) -> Iterator[Warned]:
    """Warnings about each feature, the gravest first."""
    features = plan.features
    correlations = [(target, plan.figures.correlations(target.name)) for target in plan.targets]
    for feature in features:
        for target, found in correlations:
            yield from _copy(plan, feature, target, found.get(feature.name))
        yield from _names(plan, feature)
    for column in (*plan.targets, *features):
        yield from far_values(plan, column)
    for feature in features:
        yield from _gaps(plan, feature)


def _copy(plan: Plan, feature: Column, target: Column, r: float | None) -> Iterator[Warned]:
    if r is not None and abs(r) >= COPY:
        how = f"its correlation with the target {target.name!r} is {r:.6f}"
    elif (r is None or target.distinct > 2) and _same_counts(plan, feature, target):
        how = f"its values are exactly as frequent as those of the target {target.name!r}"
    else:
        return
    yield Warned(
        "target_leak",
        f"feature {feature.name!r} is nearly a copy of the target: {how}; leave it out, unless it is known before the "
        "target",
        at_feature(plan.asked, feature.name),
    )


def _same_counts(plan: Plan, feature: Column, target: Column) -> bool:
    """Whether both columns have as many values, each as often as one of the other's: classes by other names."""
    if TASKS[plan.spec.task].is_regression or plan.rows.train < FEW_ROWS or feature.distinct != target.distinct:
        return False
    ours, theirs = plan.figures.counts(feature), plan.figures.counts(target)
    if ours is None or theirs is None or feature.nulls != target.nulls:
        return False
    sizes = sorted(theirs.values())
    return len(set(sizes)) == len(sizes) > 1 and sorted(ours.values()) == sizes


def _names(plan: Plan, feature: Column) -> Iterator[Warned]:
    """Whether a feature names rows: categories or consecutive whole numbers of which none comes twice."""
    present = plan.figures.present(feature)
    if present < FEW_ROWS:
        return
    mend = "leave it out: it says nothing about new rows"
    if plan.figures.is_unique(feature) and (feature.facts.encoding == "categories" or _counts_rows(feature, present)):
        what = "a different value in every row"
        if feature.facts.holds == "numbers":
            what = "a consecutive whole number in every row"
        yield Warned(
            "identifier",
            f"feature {feature.name!r} has {what}: it identifies the rows; {mend}",
            at_feature(plan.asked, feature.name),
        )
    elif feature.facts.encoding == "categories" and feature.distinct > MANY_CATEGORIES * present:
        yield Warned(
            "categories_many",
            f"feature {feature.name!r} has {feature.distinct:,} categories in {present:,} rows, so few of each that "
            "little is known of any; leave it out, or group its values",
            at_feature(plan.asked, feature.name),
        )


def _counts_rows(feature: Column, present: int) -> bool:
    if feature.facts.holds != "numbers" or not feature.whole:
        return False
    low, high = feature.minimum, feature.maximum
    return isinstance(low, float | int) and isinstance(high, float | int) and high - low + 1 == present


def _gaps(plan: Plan, feature: Column) -> Iterator[Warned]:
    rows, policy = plan.figures.table.rows, MISSING[plan.spec.missing]
    if policy.refuses and feature.nulls:
        yield Warned(
            "gaps_refused",
            f"feature {feature.name!r} is missing in {feature.nulls:,} rows, which "
            f'"missing": "{policy.name}" refuses once one of them is to be trained on',
            "/missing",
        )
    elif feature.nulls > MANY_GAPS * rows:
        becomes = "drops those rows" if policy.drops else "imputes and flags them"
        yield Warned(
            "mostly_missing",
            f"feature {feature.name!r} is missing in {feature.nulls:,} of {rows:,} rows; "
            f'"missing": "{policy.name}" {becomes}',
            at_feature(plan.asked, feature.name) if not policy.drops else "/missing",
        )
