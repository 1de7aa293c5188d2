"""Why nothing is learnt from the columns of a table, where there is none to learn from."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.spec import TrainingSpec
from service.domain.table import Column, Table
from service.errors import FieldError

MOST = 20  # columns that are named


def nothing_left(spec: TrainingSpec, table: Table, targets: Sequence[Column]) -> str:
    """Each column with the reason for which it is no feature, and the way on."""
    reasons = [f"{column.name!r} {_reason(column, spec, table, targets)}" for column in table.columns]
    more = f"; and {len(reasons) - MOST} more" if len(reasons) > MOST else ""
    return (
        f"no feature is left to learn from: {'; '.join(reasons[:MOST])}{more}. "
        "A feature is a column that varies, of numbers, dates, true and false, or words that repeat"
    )


def none_of_them(spec: TrainingSpec, errors: Sequence[FieldError]) -> str | None:
    """The same where each of the features that were asked for is wrong by itself; None where not."""
    wrong = {error.pointer: error.detail for error in errors}
    places = [f"/features/{index}" for index in range(len(spec.features or ()))]
    if len(places) < 2 or not all(place in wrong for place in places):
        return None
    return f"nothing can be learnt from these features: {'; '.join(wrong[place] for place in places)}"


def _reason(column: Column, spec: TrainingSpec, table: Table, targets: Sequence[Column]) -> str:
    if column in targets:
        return "is the target"
    if column.name == spec.weight_column:
        return "weighs the rows"
    if column.name in spec.exclude:
        return "is excluded"
    if spec.features is not None and column.name not in spec.features:
        return "is not among the features"
    if column.kind == "text":
        return "is free text"
    return "has no values" if column.nulls == table.rows else "is constant"
