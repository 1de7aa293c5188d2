"""What a model keeps for its intervals: split-conformal ones (Lei, G'Sell, Rinaldo, Tibshirani & Wasserman 2018).

The k-th smallest absolute residual of n calibration rows, k = ceil((n + 1) level), is the half-width of an interval
that holds a new row's truth with at least that probability, whatever the model and the distribution, as long as rows
are exchangeable. The calibration rows may not be trained on: a model that learns from all rows has no such intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.domain.arrays import Floats, Integers
from service.errors import ParameterInvalid

EXACT_ROWS = 600  # of so many calibration rows every residual is kept
PARAMETER = "/intervals"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Absolute residuals of `rows` rows of a `part` that was not trained on: `residuals` (n_targets, k) float64 in the
    targets' units, ascending; each is the one of its rank in `ranks` (k,) among all, 1 for the least. The last rank is
    `rows`, so a half-width exists for every level that so many rows support."""

    part: str
    rows: int
    ranks: Integers
    residuals: Floats

    @property
    def highest_level(self) -> float:
        """The highest level that the rows support, rounded down to a digit more than they count."""
        unit: int = 10 ** (len(str(self.rows + 1)) + 1)
        return (self.rows * unit // (self.rows + 1)) / unit

    def half_widths(self, level: float) -> Floats | None:
        """(n_targets,) of the intervals prediction ± half-width; None where the rows are too few for the level. Where
        not every residual was kept it is the next larger one: the promise holds."""
        rank = rank_of(self.rows, level)
        return None if rank > self.rows else self.residuals[:, np.searchsorted(self.ranks, rank)]

    def of_target(self, index: int) -> Calibration:
        """The calibration of one target alone."""
        return replace(self, residuals=self.residuals[index : index + 1])

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "rows": self.rows,
            "ranks": self.ranks.tolist(),
            "residuals": self.residuals.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        """Raises ValueError for parts that do not fit together."""
        ranks = np.asarray(data["ranks"], dtype=np.int64)
        residuals = np.asarray(data["residuals"], dtype=np.float64)
        if residuals.ndim != 2 or residuals.shape[1:] != ranks.shape or ranks[-1:].tolist() != [data["rows"]]:
            raise ValueError("the residuals of the calibration rows do not fit their ranks")
        return cls(data["part"], data["rows"], ranks, residuals)


def calibrate(residuals: Floats, part: str) -> Calibration | None:
    """What to keep of the residuals (n,), or (n, n_targets), of a part's rows; None without rows, and where a
    residual is beyond float64. Of many rows those of
    the ranks that levels from 0.01 to 0.999 ask for, finer towards 1: some 600 for each target."""
    if not len(residuals):
        return None
    ranks = _kept_ranks(len(residuals))
    each = residuals.reshape(len(residuals), -1).T
    if not np.isfinite(each).all():
        return None
    return Calibration(part, len(residuals), ranks, np.stack([np.sort(np.abs(one))[ranks - 1] for one in each]))


def half_widths(calibration: Calibration | None, level: float, is_of_numbers: bool) -> Floats:
    """(n_targets,) of a model's intervals. Raises ParameterInvalid where there are none, and says how to fix it."""
    if not is_of_numbers:
        raise ParameterInvalid.at(
            PARAMETER,
            "intervals: intervals apply to regression, and this model predicts classes with probabilities; see "
            "`classes.calibration` in its report",
        )
    if calibration is None:
        raise ParameterInvalid.at(
            PARAMETER,
            "intervals: this version was trained without held-out rows to calibrate on; train again with "
            '"split": {"validation": 0.2}',
        )
    widths = calibration.half_widths(level)
    if widths is None:
        raise ParameterInvalid.at(
            PARAMETER,
            f"intervals: a level of {level} needs at least {rows_for(level):,} held-out rows, and there were "
            f"{calibration.rows:,}: ask for {calibration.highest_level} or less, or train with more rows in "
            '"split": {"validation": …}',
        )
    return widths


def rank_of(rows: int, level: float) -> int:
    """Which of the absolute residuals, in ascending order, is the half-width: 1 for the least."""
    return max(1, math.ceil((rows + 1) * level - 1e-9))  # 0.9 is not exact: 9 rows have their ninth, not a tenth


def rows_for(level: float) -> int:
    """How many calibration rows a level needs."""
    return math.ceil(level / (1 - level) - 1e-9)


def _kept_ranks(rows: int) -> Integers:
    if rows <= EXACT_ROWS:
        return np.arange(1, rows + 1)
    levels = [number / 100 for number in range(1, 50)] + [number / 1000 for number in range(500, 1000)]
    for digits in range(4, len(str(rows)) + 1):
        levels += [1 - number / 10**digits for number in range(9, 0, -1)]
    return np.unique([*(min(rank_of(rows, level), rows) for level in levels), rows])
