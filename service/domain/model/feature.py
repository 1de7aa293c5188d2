"""Feature: one column of the user's table, and how its cells become a network's inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.cells.columns import Categories, Values, missing
from service.domain.cells.kinds import ColumnKind, Kind, KindEncoding, kind_of

DATETIME_PARTS = ("days", "month sin", "month cos", "weekday sin", "weekday cos", "hour sin", "hour cos")


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
    `low` and `high` are the range seen in training, for flags.
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


ENCODED_NAMES: Mapping[KindEncoding, Callable[[Feature], list[str]]] = {
    "number": lambda feature: [feature.name],
    "categories": _names_of_categories,
    "calendar": lambda feature: [f"{feature.name} {part}" for part in DATETIME_PARTS],
}
"""The inputs of a feature by its encoding, without the one that tells of a gap."""
