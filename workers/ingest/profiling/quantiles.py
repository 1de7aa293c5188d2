"""Quantiles in bounded memory with a bound that always holds: a tree of sorted runs, each standing for many values.

A run of w values compressed to s of them, at the ranks (i + ½)w/s, is off by at most w/2s in rank: the bound of a
merge is the sum of its parts' plus that. (Munro & Paterson 1980 keep such runs; the bound is theirs, by levels.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import AnyArray

FAN = 16  # runs of one level that are merged into one of the next


@dataclass(frozen=True, slots=True)
class Run:
    """Sorted values that stand for `weight` values each; their ranks are off by at most `error` values."""

    values: AnyArray
    weight: float = 1.0
    error: float = 0.0


def compressed(values: AnyArray, points: int) -> Run:
    """A run of at most `points` out of sorted values (n,)."""
    if len(values) <= points:
        return Run(values)
    weight = len(values) / points
    ranks = ((np.arange(points) + 0.5) * weight).astype(np.int64)
    return Run(values[ranks], weight, weight / 2)


def merged(runs: Sequence[Run], points: int) -> Run:
    """One run of at most `points` for all of these."""
    values, cumulative = _in_order(runs)
    error = sum(run.error for run in runs)
    if len(values) <= points and all(run.weight == 1 for run in runs):
        return Run(values, 1.0, error)
    weight = cumulative[-1] / points
    places = np.searchsorted(cumulative, (np.arange(points) + 0.5) * weight)
    return Run(values[np.minimum(places, len(values) - 1)], weight, error + weight / 2)


class Quantiles:
    """Runs added one by one, merged by levels."""

    def __init__(self, points: int) -> None:
        self._points = points
        self._levels: list[list[Run]] = [[]]

    def add(self, run: Run) -> None:
        level = 0
        self._levels[0].append(run)
        while len(self._levels[level]) == FAN:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(merged(self._levels[level], self._points))
            self._levels[level] = []
            level += 1

    def at(self, shares: Sequence[float]) -> tuple[list[Any], float]:
        """The values below which these shares lie, and by what share of the values their ranks are off at most.

        Exact ones (an error of 0) are interpolated as numpy does by default; others are values of the column.
        """
        runs = [run for level in self._levels for run in level if len(run.values)]
        if not runs:
            return [], 0.0
        values, cumulative = _in_order(runs)
        error = sum(run.error for run in runs)
        if not error:
            return list(np.quantile(values, shares)), 0.0
        places = np.searchsorted(cumulative, np.asarray(shares) * cumulative[-1])
        return list(values[np.minimum(places, len(values) - 1)]), float(error / cumulative[-1])


def _in_order(runs: Sequence[Run]) -> tuple[AnyArray, npt.NDArray[np.float64]]:
    """All values in order, and how many values those up to each one stand for."""
    values = np.concatenate([run.values for run in runs])
    weights = np.repeat([run.weight for run in runs], [len(run.values) for run in runs])
    order = np.argsort(values, kind="stable")
    return values[order], np.cumsum(weights[order])
