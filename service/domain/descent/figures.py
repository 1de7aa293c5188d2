"""What is known of a table without reading its rows: columns, profile and Gram matrix, as ingest left them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.domain.cells.table import Column, Table
from service.domain.descent.gram import Gram

NARROW = 20  # a histogram of whole numbers has a bin of its own for each of so many
SURE = 4  # standard errors of an estimated count of distinct values


@dataclass(frozen=True, slots=True)
class Figures:
    """`details` are the profile's figures by column; `no_gram` says why there is no matrix."""

    table: Table
    details: Mapping[str, Mapping[str, Any]]
    gram: Gram | None = None
    no_gram: str | None = None

    @classmethod
    def of(cls, table: Table, profile: Mapping[str, Any], gram: Gram | None) -> Figures:
        """From a stored profile."""
        why = None if gram else profile.get("gram_left_out") or "it was not computed when the dataset was read"
        return cls(table, {detail["name"]: detail for detail in profile.get("columns", ())}, gram, why)

    def present(self, column: Column) -> int:
        """How many cells are not missing."""
        return self.table.rows - column.nulls

    def is_unique(self, column: Column) -> bool:
        """Whether no value comes twice, as far as the count of distinct values tells."""
        error = SURE * float(self.details.get(column.name, {}).get("distinct_error", 0.0))
        return column.distinct >= self.present(column) * (1 - error)

    def counts(self, column: Column) -> dict[Any, int] | None:
        """How often each value comes; None where they are too many to have been counted."""
        detail = self.details.get(column.name)
        if detail is None:
            return None
        if column.facts.holds == "numbers":
            return _whole_counts(detail) if column.whole else None
        found = {item["value"]: int(item["count"]) for item in detail.get("top", ())}
        return found if len(found) == column.distinct and not detail.get("top_missed") else None

    def correlations(self, name: str) -> dict[str, float]:
        """Pearson's r of each other numeric or boolean column with this one, where it is known."""
        if self.gram is None or name not in self.gram.names:
            return {}
        pairs = self.gram.correlations_with(name)
        return {pair["column"]: pair["correlation"] for pair in pairs if pair["correlation"] is not None}

    def placing(self, column: Column, scaler: str) -> ClassPlace | None:
        """The centre and scale that a scaler would give to a column; None where its figures are missing, or where what
        the network reads is more than scaled."""
        return PLACES[scaler](self, column)


ClassPlace = tuple[float, float]


def _standard(figures: Figures, column: Column) -> ClassPlace | None:
    if (gram := figures.gram) is None or column.name not in gram.names:
        return None
    at = gram.names.index(column.name)
    return float(gram.means[at]), float(np.sqrt(gram.centred[at, at] / gram.rows))


def _minmax(figures: Figures, column: Column) -> ClassPlace | None:
    low, high = (0.0, 1.0) if column.facts.holds == "truths" else (column.minimum, column.maximum)
    return None if low is None or high is None else (float(low), float(high - low) or 1.0)  # type: ignore[operator]  # numbers of a numeric column


def _robust(figures: Figures, column: Column) -> ClassPlace | None:
    if column.facts.holds == "truths":
        gram = figures.gram
        quartiles = _quartiles_of_truths(gram.means[gram.names.index(column.name)]) if gram else None
    else:
        found = figures.details.get(column.name, {}).get("quantiles", {})
        quartiles = (found["0.25"], found["0.5"], found["0.75"]) if "0.5" in found else None
    return None if quartiles is None else (quartiles[1], float(quartiles[2] - quartiles[0]) or 1.0)


PLACES: Mapping[str, Callable[[Figures, Column], ClassPlace | None]] = {
    "standard": _standard,
    "minmax": _minmax,
    "robust": _robust,
    "robust_clip": lambda figures, column: None,
    "none": lambda figures, column: (0.0, 1.0),
}


def _whole_counts(detail: Mapping[str, Any]) -> dict[Any, int] | None:
    edges, counts = detail["histogram"]["edges"], detail["histogram"]["counts"]
    if not edges or edges[-1] - edges[0] >= NARROW:
        return None
    return {math.ceil(low): count for low, count in zip(edges, counts, strict=False) if count}


def _quartiles_of_truths(share: float) -> tuple[float, float, float]:
    return float(share > 0.75), float(share > 0.5), float(share > 0.25)
