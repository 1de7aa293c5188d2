"""What a report says of prediction intervals: half-widths as `/predict` takes them, and how often they held.

The calibration rows may also have chosen the epoch to stop at, so the coverage is measured too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.intervals import Calibration, calibrate, rank_of, rows_for
from service.domain.report.regression import Interval
from workers.explain.sample import FOLDS, draws

LEVELS = (0.8, 0.9, 0.95)


def intervals(calibration: Floats, fresh: Floats, calibrated_on: str, measured_on: str, seed: int) -> list[Interval]:
    """One entry for each level. `calibration` (n,) and `fresh` (m,) are residuals of one target on held-out rows; with
    no fresh ones the coverage is that of two halves of the calibration rows, each judged by the other's half-width."""
    order = draws(seed, FOLDS).permutation(len(calibration))
    folds = (calibration[order[0::2]], calibration[order[1::2]])
    whole = calibrate(calibration, calibrated_on)
    judged = (
        [(whole, fresh)]
        if len(fresh)
        else [(calibrate(one, calibrated_on), other) for one, other in (folds, folds[::-1])]
    )
    found = []
    for level in LEVELS:
        width = _half_width(whole, level)
        rank = rank_of(len(calibration), level)
        coverage = _coverage(judged, level)
        found.append(
            Interval(
                level,
                half_width=width,
                coverage=coverage,
                rows=sum(len(judging) for _, judging in judged) if coverage is not None else 0,
                measured_on=measured_on if len(fresh) else f"{calibrated_on}, two folds",
                calibrated_on=calibrated_on,
                calibration_rows=len(calibration),
                reason=None
                if width is not None
                else f"the {rank}th smallest of {len(calibration)} residuals does not exist: "
                f"{rows_for(level)} rows or more are needed",
            )
        )
    return found


def _half_width(calibration: Calibration | None, level: float) -> float | None:
    widths = None if calibration is None else calibration.half_widths(level)
    return None if widths is None else float(widths[0])


def _coverage(judged: Sequence[tuple[Calibration | None, Floats]], level: float) -> float | None:
    covered = rows = 0
    for calibration, fresh in judged:
        width = _half_width(calibration, level)
        if width is None:
            return None
        covered += int((np.abs(fresh) <= width).sum())
        rows += len(fresh)
    return covered / rows if rows else None
