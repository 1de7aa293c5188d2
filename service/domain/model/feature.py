"""Feature: one column of the user's table, and how its cells become a network's inputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Categories, Values, missing
from service.domain.cells.kinds import ColumnKind, Kind, KindEncoding, kind_of

DATETIME_PARTS = ("days", "month sin", "month cos", "weekday sin", "weekday cos", "hour sin", "hour cos")
BLOCK = 2**14  # numbers that are encoded at a time, in the processor's cache


@dataclass(frozen=True, slots=True)
class TargetStatistics:
    """What tells categories apart that have no input of their own: how far the target lies from what all else says of
    their rows, shrunk towards 0 where those are few (Micci-Barreca 2001). `values` hold a number of each of `outputs`
    for each of `categories`: of a target, or of a class, for which it is a share of the rows."""

    outputs: tuple[str, ...]
    categories: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TargetStatistics:
        return cls(tuple(data["outputs"]), tuple(data["categories"]), tuple(map(tuple, data["values"])))


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the user's table and how its cells become numbers.

    `fill` replaces a missing number (None: a missing cell is an error). `categories` are the kept ones, by
    frequency; `fill_category` replaces a missing one; `other` says whether rarer categories have a column, which one
    that was never seen then shares: without it, that is all zeros. `statistics` tell some of these apart.
    `low` and `high` are the range seen in training, for flags. `edges` are those of a number's bins, each of which has
    an input beside the number's own: two bins at least, or none.
    """

    name: str
    kind: Kind
    fill: float | None = None
    indicator: bool = False
    categories: tuple[str, ...] = ()
    other: bool = False
    fill_category: str | None = None
    low: float | None = None
    high: float | None = None
    statistics: TargetStatistics | None = None
    edges: tuple[float, ...] = ()

    @property
    def facts(self) -> ColumnKind:
        """What is known of its kind. Raises KindUnknown."""
        return kind_of(self.kind)

    @property
    def encoding(self) -> KindEncoding:
        """How it becomes inputs. Raises ValueError for a kind that cannot be a feature."""
        if (encoding := self.facts.encoding) is None:
            raise ValueError(f"{self.name!r} is {self.kind}, which cannot be a feature")
        return encoding

    @property
    def encoded_names(self) -> list[str]:
        names = ENCODED_NAMES[self.encoding](self)
        return [*names, f"{self.name} is missing"] if self.indicator else names

    @property
    def n_bins(self) -> int:
        """How many bins it has; their inputs follow its own."""
        return max(len(self.edges) - 1, 0)

    @property
    def fills(self) -> bool:
        """Whether a missing cell has a value that replaces it."""
        return self.fill is not None or self.fill_category is not None

    def unfamiliar(self, values: Values) -> npt.NDArray[np.bool_]:
        """(n_rows,) bool: cells unlike any in training: a category that nothing tells apart, a number outside the range
        seen."""
        gaps = missing(values)
        if isinstance(values, Categories):
            kept = frozenset((*self.categories, *(self.statistics.categories if self.statistics else ())))
            unseen = np.array([*(value not in kept for value in values.values), False], dtype=np.bool_)
            return unseen[values.codes] & ~gaps
        if self.low is None or self.high is None:
            return np.zeros(len(values), dtype=np.bool_)
        return ((values < self.low) | (values > self.high)) & ~gaps


def _names_of_categories(feature: Feature) -> list[str]:
    names = [f"{feature.name}={category}" for category in feature.categories]
    if feature.other:
        names.append(f"{feature.name}=other")
    outputs = feature.statistics.outputs if feature.statistics else ()
    return [*names, *(f"{feature.name} effect on {output}" for output in outputs)]


def _names_of_number(feature: Feature) -> list[str]:
    told = [f"{edge:.6g}" for edge in feature.edges]
    if len(set(told)) < len(told):
        told = [repr(edge) for edge in feature.edges]
    return [feature.name, *(f"{feature.name} in [{low}, {high}]" for low, high in itertools.pairwise(told))]


ENCODED_NAMES: Mapping[KindEncoding, Callable[[Feature], list[str]]] = {
    "number": _names_of_number,
    "categories": _names_of_categories,
    "calendar": lambda feature: [f"{feature.name} {part}" for part in DATETIME_PARTS],
}
"""The inputs of a feature by its encoding, without the one that tells of a gap."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Piecewise-linear encoding (Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features in tabular
    deep learning", arXiv:2203.05556, section 3.1): how much of each bin of a column lies below a value. With edges
    b_0 < … < b_K, input i of x is (x - b_i) / (b_{i+1} - b_i), at least 0 and at most 1.

    Of the inputs (n,) that numbers side by side have: the column that each reads and its place; what it is kept within,
    counted from, and divided by. A number itself is one of them: within infinity, from 0, by 1.
    """

    taken: Integers
    to: Integers | slice
    low: Floats
    high: Floats
    start: Floats
    width: Floats

    @classmethod
    def of(cls, features: Sequence[Feature], places: Mapping[str, Integers]) -> Bins | None:
        """Of numbers whose encoded columns go to these places, negative for those that nothing reads; None where no
        number has bins."""
        if not any(feature.edges for feature in features):
            return None
        found = [
            (column, int(place), *ends)
            for column, feature in enumerate(features)
            for place, ends in zip(places[feature.name], _ends(feature), strict=False)
            if place >= 0
        ]
        taken, to, low, high, start, width = map(np.array, zip(*found, strict=True))
        return cls(taken.astype(np.int64), run_of(to.astype(np.int64)), low, high, start, width)

    def put(self, values: Floats, encoded: Floats) -> None:
        """Encode numbers (n_rows, n_columns) without gaps into their places in `encoded` (n_rows, n_inputs)."""
        step = max(1, BLOCK // len(self.taken))
        for first in range(0, len(values), step):
            block = values[first : first + step].take(self.taken, axis=1)
            np.maximum(block, self.low, out=block)
            np.minimum(block, self.high, out=block)
            block -= self.start
            block /= self.width
            encoded[first : first + step, self.to] = block


def _ends(feature: Feature) -> list[tuple[float, float, float, float]]:
    """What its inputs are kept within, counted from, and divided by."""
    bins = [(low, high, low, high - low) for low, high in itertools.pairwise(feature.edges)]
    return [(-np.inf, np.inf, 0.0, 1.0), *bins]


def run_of(places: Integers) -> Integers | slice:
    """Places as a slice, where they follow each other."""
    is_run = len(places) > 0 and places[-1] - places[0] + 1 == len(places) and bool((np.diff(places) == 1).all())
    return slice(int(places[0]), int(places[-1]) + 1) if is_run else places
