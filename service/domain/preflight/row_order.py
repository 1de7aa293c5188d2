"""A warning about rows that have a time, and are held out by chance all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from service.domain.cells.table import Column
from service.domain.preflight.plan import Plan
from service.domain.report.warned import Warned
from service.domain.resolving.row_order import POINTER, why_not

FEWEST_STEPS = 20  # from row to row; fewer go one way by themselves
AGAINST = 0.05  # of the steps may go the other way: a few entities below each other, late entries


def order_warnings(plan: Plan) -> Iterator[Warned]:
    """A column of times that go with the rows, or that differ in all of them, is probably when each row was made."""
    split = plan.spec.split
    if split.order_by is not None or not (split.validation or split.test):
        return
    times = [column for column in plan.figures.table.columns if column.facts.holds == "times"]
    found = next(((one, how) for one in times if (how := _way(plan, one))), None)
    if found is None and len(times) == 1 and _differs(plan, times[0]):
        found = times[0], "differ in every row"
    if found is None:
        return
    column, how = found
    ordered = replace(plan.spec, split=replace(split, order_by=column.name))
    if why_not(column, ordered, plan.targets, plan.figures.table.rows) is not None:
        return
    shares = {"validation": split.validation, "test": split.test}
    mend: dict[str, float | str] = {name: share for name, share in shares.items() if share or name == "validation"}
    mend |= {"validation_dataset": split.validation_dataset} if split.validation_dataset is not None else {}
    yield Warned(
        "time_order",
        f"{column.name!r} looks like the time of the rows: its values {how}. Held-out rows are drawn by chance from "
        "among the training rows; to judge how well later rows are predicted from earlier ones, use "
        f'"split": {json.dumps({**mend, "order_by": column.name}, ensure_ascii=False)}',
        POINTER,
    )


def _way(plan: Plan, column: Column) -> str | None:
    """How the times of a column go down the table; None where they go to and fro. Datasets read by earlier versions do
    not know."""
    detail = plan.figures.details.get(column.name, {})
    rises, falls = int(detail.get("rises", 0)), int(detail.get("falls", 0))
    steps = rises + falls
    if steps < FEWEST_STEPS or min(rises, falls) > AGAINST * steps:
        return None
    way = "rise" if falls < rises else "fall"
    return f"{way} from row to row" if not min(rises, falls) else f"mostly {way} from row to row"


def _differs(plan: Plan, column: Column) -> bool:
    return plan.figures.present(column) > FEWEST_STEPS and plan.figures.is_unique(column)
