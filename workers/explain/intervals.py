"""Split-conformal prediction intervals (Lei, G'Sell, Rinaldo, Tibshirani & Wasserman 2018).

The k-th smallest absolute residual of n calibration rows, k = ceil((n + 1) level), is the half-width of an interval
that holds a new row's truth with at least that probability, whatever the model and the distribution, as long as rows
are exchangeable. The calibration rows may also have chosen the epoch to stop at, so the coverage is measured too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from service.domain.columns import Floats
from workers.explain.sample import FOLDS, draws

LEVELS = (0.8, 0.9, 0.95)


def half_width(residuals: Floats, level: float) -> float | None:
    """Of the interval prediction ± half-width; None where the rows are too few for the level."""
    rank = _rank(len(residuals), level)
    return float(np.sort(np.abs(residuals))[rank - 1]) if rank <= len(residuals) else None


def intervals(
    calibration: Floats, fresh: Floats, calibrated_on: str, measured_on: str, seed: int
) -> list[dict[str, Any]]:
    """One entry for each level. `calibration` (n,) and `fresh` (m,) are residuals of one target on held-out rows; with
    no fresh ones the coverage is that of two halves of the calibration rows, each judged by the other's half-width."""
    order = draws(seed, FOLDS).permutation(len(calibration))
    folds = (calibration[order[0::2]], calibration[order[1::2]])
    judged = [(calibration, fresh)] if len(fresh) else [folds, folds[::-1]]
    found = []
    for level in LEVELS:
        width = half_width(calibration, level)
        rank = _rank(len(calibration), level)
        coverage = _coverage(judged, level)
        found.append(
            {
                "level": level,
                "half_width": width,
                "coverage": coverage,
                "rows": sum(len(judging) for _, judging in judged) if coverage is not None else 0,
                "measured_on": measured_on if len(fresh) else f"{calibrated_on}, two folds",
                "calibrated_on": calibrated_on,
                "calibration_rows": len(calibration),
                "reason": None
                if width is not None
                else f"the {rank}th smallest of {len(calibration)} residuals does not exist: "
                f"{math.ceil(level / (1 - level) - 1e-9)} rows or more are needed",
            }
        )
    return found


def _rank(n: int, level: float) -> int:
    return math.ceil((n + 1) * level - 1e-9)  # 0.9 is not exact: 9 rows have their ninth, not a tenth


def _coverage(judged: Sequence[tuple[Floats, Floats]], level: float) -> float | None:
    covered = rows = 0
    for calibration, fresh in judged:
        width = half_width(calibration, level)
        if width is None:
            return None
        covered += int((np.abs(fresh) <= width).sum())
        rows += len(fresh)
    return covered / rows if rows else None
