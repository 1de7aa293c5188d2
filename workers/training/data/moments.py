"""What columns are like, chunk by chunk: their moments, and some of their rows for medians and quartiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.model.magnitude import units

MOST_KEPT = 2**25  # numbers that medians, quartiles and the most frequent value are taken from: 256 MiB


class Kept:
    """Rows in their order, as long as they hold at most `most` numbers: of more rows every second is kept, or every
    fourth, and so on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[Floats] = []
        self._step, self._seen, self._size = 1, 0, 0

    def add(self, rows: Floats) -> None:
        part = rows[-self._seen % self._step :: self._step]
        self._seen += len(rows)
        self._size += part.size
        self._parts.append(part)
        while self._size > self._most:
            thinned = self.rows()[::2].copy()
            self._parts, self._step, self._size = [thinned], self._step * 2, thinned.size

    def rows(self) -> Floats:
        """The rows that are kept, at least one."""
        return np.concatenate(self._parts)


class Moments:
    """Count, mean, standard deviation, least and greatest of each column, chunk by chunk.

    Chan, Golub & LeVeque (1979): chunks are merged by their own means, so large offsets lose no digits. Columns whose
    squares are not in float64 are summed up times a power of two (`unit`).
    """

    def __init__(self, width: int, kept: Kept | None = None) -> None:
        self.count = 0
        self.unit = np.ones(width)
        self._mean = np.zeros(width)
        self.squares = np.zeros(width)
        """Sums of squared deviations, (width,) in the unit's square."""
        self.low = np.full(width, np.inf)
        self.high = np.full(width, -np.inf)
        self._kept = kept

    def add(self, rows: Floats) -> None:
        if not len(rows):
            return
        self.low = np.minimum(self.low, rows.min(axis=0))
        self.high = np.maximum(self.high, rows.max(axis=0))
        if self._kept is not None:
            self._kept.add(rows)
        self._choose_units()
        if (self.unit != 1).any():
            rows = rows * self.unit
        mean = rows.mean(axis=0)
        squares = ((rows - mean) ** 2).sum(axis=0)
        total = self.count + len(rows)
        shift = mean - self._mean
        self.squares += squares + shift**2 * (self.count * len(rows) / total)
        self._mean += shift * (len(rows) / total)
        self.count = total

    def _choose_units(self) -> None:
        """Choose units by the greatest number so far; sizes only grow, and what was summed up before shrinks with
        them."""
        chosen = units(np.maximum(np.abs(self.low), np.abs(self.high)))
        if (chosen != self.unit).any():
            ratio = chosen / self.unit if self.count else np.ones_like(chosen)
            self._mean *= ratio
            self.squares = self.squares * ratio * ratio
            self.unit = chosen

    @property
    def mean(self) -> Floats:
        found: Floats = self._mean / self.unit
        return found

    @property
    def deviation(self) -> Floats:
        """Population standard deviation, as StandardScaler has it; where that is below the least number of float64, the
        span of the values; 0 for a constant, whatever the rounding of its mean leaves."""
        values: Floats = np.sqrt(self.squares / max(self.count, 1)) / self.unit
        with np.errstate(over="ignore"):
            span = np.where(self.high > self.low, self.high * self.unit - self.low * self.unit, 0.0) / self.unit
        return np.where(self.high > self.low, np.where(values > 0, values, span), 0.0)

    def quartiles(self) -> tuple[Floats, Floats, Floats]:
        """Quartiles of the rows that were kept. Raises ValueError where none were to be."""
        if self._kept is None:
            raise ValueError("no rows were kept")
        first, median, third = np.percentile(self._kept.rows(), [25, 50, 75], axis=0)
        return first, median, third


def nonzero(scale: npt.NDArray[Any]) -> Floats:
    """A column without spread keeps its own scale."""
    return np.where(scale > 0, scale, 1.0)


def target_moments(values: Iterable[Floats], targets: int) -> list[tuple[float, float]]:
    """Mean and population standard deviation of each of the targets, of chunks (n, k) of the training rows'."""
    each = [Moments(1) for _ in range(targets)]
    for chunk in values:
        for moments, column in zip(each, chunk.T, strict=True):  # one by one: the same numbers, whatever stands beside
            moments.add(np.ascontiguousarray(column)[:, None])
    return [(float(moments.mean[0]), float(nonzero(moments.deviation)[0])) for moments in each]
