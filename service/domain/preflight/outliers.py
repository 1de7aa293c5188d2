"""Warnings about values that lie so far from all others that they may stand for none: 9999-12-31, 1.8e308, -999."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from service.domain.cells.table import Column
from service.domain.preflight.plan import Plan
from service.domain.preflight.warned import at_feature
from service.domain.report.warned import Warned
from service.domain.vocabulary.scalers import SCALERS

LEVELS = ("0.01", "0.25", "0.5", "0.75", "0.99")
SHARES = {"0.01": "99 %", "0.25": "75 %", "0.5": "half", "0.75": "75 %", "0.99": "99 %"}  # on the side of the others
HUNDRED = 100
FAR = 1000.0  # spreads of the others, for a few rows
FAR_TOGETHER = 100.0  # for rows that are a hundredth or more


def far_values(plan: Plan, column: Column) -> Iterator[Warned]:
    """Warnings about far values of a column of numbers or times."""
    quantiles = plan.figures.details.get(column.name, {}).get("quantiles") or {}
    if column.minimum is None or column.maximum is None or column.distinct < 3 or len(quantiles) < len(LEVELS):
        return
    for end, at_most in ((column.maximum, True), (column.minimum, False)):
        if level := _level(quantiles, end, at_most, plan.figures.present(column)):
            is_target = column in plan.targets
            beyond = f"{_shown(quantiles[level])} or {'less' if at_most else 'more'}"
            squeezed = SCALERS[plan.spec.scaler].clip is None
            rest = "otherwise scaling squeezes all others" if squeezed else "otherwise the scaler clips it"
            rest = "rows with it are then left out" if is_target else rest
            yield Warned(
                "far_value",
                f"{'target' if is_target else 'feature'} {column.name!r} goes {'up' if at_most else 'down'} to "
                f"{_shown(end)}, while about {SHARES[level]} of its values are {beyond}: "
                f'if it stands for a missing value, declare it at upload ("null_values"); {rest}',
                "/target" if is_target else at_feature(plan.asked, column.name),
            )


def _level(quantiles: Mapping[str, Any], end: Any, at_most: bool, rows: int) -> str | None:
    """The quantile beyond which there are only the few values at this end, far from all before it. In fewer rows than
    `HUNDRED` the last quantile lies between the last two values, and tells nothing."""
    sign = 1.0 if at_most else -1.0
    ordered = LEVELS if at_most else LEVELS[::-1]
    values = [sign * _number(quantiles[level]) for level in ordered]
    last = sign * _number(end)
    for place in (4, 3, 2) if rows >= HUNDRED else (3, 2):
        beyond = values[place + 1] if place < 4 else last
        gap, spread = last - values[place], values[place] - values[1]
        together = place < 4 and beyond - values[place] > gap / 2
        alone = place == (4 if rows >= HUNDRED else 3)
        if 0 < spread * (FAR_TOGETHER if together else FAR) < gap and (together or alone):
            return ordered[place]
    return None


def _number(value: Any) -> float:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.6g}"
