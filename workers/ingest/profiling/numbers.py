"""Numbers, times and truths of one column: what a group of rows says of them, and what all groups say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import AnyArray, Hashes
from service.domain.cells.kinds import Holds
from workers.ingest.profiling.distinct import Distinct, hashes_of_numbers, least
from workers.ingest.profiling.quantiles import Quantiles, Run, compressed


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is kept of each column: values counted one by one, least hashes, points of a run of quantiles."""

    values: int
    words: int
    hashes: int
    points: int

    @classmethod
    def for_columns(cls, columns: int, groups: int) -> Sizes:
        """Sizes that fit into about 128 MiB in all. What is in one group of rows need not be compressed."""
        share = 2**22 // max(columns, 1)
        return cls(
            values=min(max(share, 128), 2048),
            words=min(max(share, 256), 10_000),
            hashes=min(max(share, 512), 4096),
            points=min(max(share // 64, 64), 2048) if groups > 1 else 2**62,
        )


@dataclass(frozen=True, slots=True)
class NumberGroup:
    """What one group of rows says. `mean` is that beyond the column's origin, near which float64 is finer than near 0;
    `counted` holds the values and their counts while those are few; `steps`, of times, how they go from row to row."""

    count: int
    mean: float
    squares: float
    whole: bool
    run: Run
    hashes: Hashes
    counted: tuple[AnyArray, AnyArray] | None
    bins: npt.NDArray[np.int64]
    steps: RowSteps | None = None


@dataclass(frozen=True, slots=True)
class RowSteps:
    """How values go from row to row: how often up and how often down, from the `first` to the `last`."""

    rises: int
    falls: int
    first: int
    last: int

    def then(self, later: RowSteps) -> RowSteps:
        """With the rows after them."""
        rises = self.rises + later.rises + int(later.first > self.last)
        falls = self.falls + later.falls + int(later.first < self.last)
        return RowSteps(rises, falls, self.first, later.last)


def number_group(
    values: AnyArray, edges: AnyArray, origin: float, bound: np.uint64, sizes: Sizes, holds: Holds
) -> NumberGroup:
    """Figures of the present values (n,) float64 or int64 of a group; `edges` (b + 1,) are those of the histogram."""
    count, is_number = len(values), holds == "numbers"
    steps = _steps(values) if holds == "times" and count else None
    mean = squares = 0.0
    if is_number and count:
        centred = values - origin
        mean = float(centred.mean())
        centred -= mean
        squares = float(centred @ centred)
    values = np.sort(values)
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if count else np.empty(0, np.int64)
    different = values[first]
    counted = None
    if len(different) <= sizes.values:
        counted = (different, np.diff(first, append=count))
    places = np.searchsorted(values, edges[1:-1], side="left")
    return NumberGroup(
        count=count,
        mean=mean,
        squares=squares,
        whole=is_number and bool((values[:64] == np.floor(values[:64])).all() and (values == np.floor(values)).all()),
        run=compressed(values, sizes.points),
        hashes=least(hashes_of_numbers(different), bound, sizes.hashes),
        counted=counted,
        bins=np.diff(places, prepend=0, append=count),
        steps=steps,
    )


def _steps(values: AnyArray) -> RowSteps:
    before, after = values[:-1], values[1:]
    return RowSteps(
        int(np.count_nonzero(after > before)), int(np.count_nonzero(after < before)), int(values[0]), int(values[-1])
    )


class NumberColumn:
    """All groups of a column together. Means and squares are merged by Chan, Golub & LeVeque 1983."""

    def __init__(self, sizes: Sizes, bins: int, origin: float) -> None:
        self._sizes = sizes
        self._origin = origin
        self._mean = 0.0  # beyond the origin
        self.count = 0
        self.whole = True
        self.distinct = Distinct(sizes.hashes)
        self.quantiles = Quantiles(sizes.points)
        self.counted: tuple[AnyArray, AnyArray] | None = (np.empty(0), np.empty(0, np.int64))
        self.bins = np.zeros(bins, dtype=np.int64)
        self._squares = 0.0
        self.steps: RowSteps | None = None

    def add(self, group: NumberGroup) -> None:
        if not group.count:
            return
        total = self.count + group.count
        shift = group.mean - self._mean if self.count else 0.0
        self._mean = self._mean + shift * group.count / total if self.count else group.mean
        self._squares += group.squares + shift * shift * (self.count * group.count / total)
        self.count = total
        self.whole = self.whole and group.whole
        self.distinct.add(group.hashes)
        self.quantiles.add(group.run)
        self.counted = _together(self.counted, group.counted, self._sizes.values)
        self.bins += group.bins
        if group.steps is not None:
            self.steps = group.steps if self.steps is None else self.steps.then(group.steps)

    @property
    def mean(self) -> float:
        return self._origin + self._mean

    @property
    def standard_deviation(self) -> float | None:
        """Standard deviation of a sample (n - 1); None for fewer than two values, and if it is beyond float64."""
        if self.count < 2:
            return None
        deviation = float(np.sqrt(self._squares / (self.count - 1)))
        return deviation if np.isfinite(deviation) else None

    @property
    def n_distinct(self) -> int:
        return len(self.counted[0]) if self.counted is not None else min(self.distinct.count, self.count)


def _together(
    one: tuple[AnyArray, AnyArray] | None, other: tuple[AnyArray, AnyArray] | None, most: int
) -> tuple[AnyArray, AnyArray] | None:
    if one is None or other is None:
        return None
    if not len(one[0]):
        return other
    values, places = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    if len(values) > most:
        return None
    counts = np.bincount(places, weights=np.concatenate([one[1], other[1]])).astype(np.int64)
    return values, counts
