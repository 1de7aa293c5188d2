"""What a table holds, column by column, and the Gram matrix of its numeric columns: one pass over its groups of rows.

The pass starts with what Parquet's statistics say already, the least and the greatest values, so that histograms have
their edges. Figures are exact, or say how far off they may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.cells.kinds import Kind, holds_words, kind_of
from service.domain.cells.table import Table
from service.domain.descent.gram import Gram
from service.errors import WorkFailed
from workers.ingest.profiling.describe import EPOCH, describe_numbers, describe_words
from workers.ingest.profiling.groups import Extremes, GroupPlan, StoredTable
from workers.ingest.profiling.moments import CrossMoments, to_gram, together
from workers.ingest.profiling.numbers import NumberColumn, Sizes
from workers.ingest.profiling.words import WordColumn

BINS = 20
MOST_PAIRED = 1000  # numeric columns whose Gram matrix is kept: 8 MB then; it grows with their square
YEARS = (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))
EARLIEST, LATEST = ((moment - EPOCH) // timedelta(microseconds=1) for moment in YEARS)


@dataclass(frozen=True, slots=True)
class Profile:
    """The table's columns with their kinds, the longer figures of each, and the Gram matrix or why there is none."""

    table: Table
    details: list[dict[str, Any]]
    gram: Gram | None
    no_gram: str | None

    def to_json(self, gram_key: str | None) -> dict[str, Any]:
        """The profile as it is stored. `gram.missing` says that missing cells count as their column's mean."""
        described = {"columns": list(self.gram.names), "missing": "mean"} if self.gram else None
        return {
            "rows": self.table.rows,
            "columns": self.details,
            "gram": described and {"sha256": gram_key, **described},
            "gram_left_out": self.no_gram,
        }


def profile(
    parquet: Path,
    kinds: Mapping[str, Kind],
    declared: Mapping[str, Kind],
    most_classes: int,
    threads: int,
    check: Callable[[], None] = lambda: None,
) -> Profile:
    """Profile of a table of columns of these `kinds`; of words only the `declared` ones are known. `check` is called
    between its groups of rows. Raises WorkFailed."""
    stored = StoredTable(parquet, kinds)
    bounds = stored.bounds()
    _refuse_unusable(kinds, bounds)
    sizes = Sizes.for_columns(len(kinds), stored.groups)
    numeric = tuple(name for name, kind in kinds.items() if kind_of(kind).encoding == "number")
    paired = numeric if len(numeric) <= MOST_PAIRED else ()
    numbers = {name for name, kind in kinds.items() if kind_of(kind).holds == "numbers"}
    edges = {name: _edges(*found) for name, found in bounds.items() if found and name in numbers}
    origins = {name: float(found[0]) for name, found in bounds.items() if found and name in edges}
    columns: dict[str, Any] = {
        name: WordColumn(sizes)
        if holds_words(kind)
        else NumberColumn(sizes, max(len(edges.get(name, ())) - 1, 1), origins.get(name, 0.0))
        for name, kind in kinds.items()
    }
    products: CrossMoments | None = None
    plan = GroupPlan(kinds, origins, edges, paired, sizes)
    distinct = {name: column.distinct for name, column in columns.items()}
    with np.errstate(all="ignore"):
        for group in stored.summaries(plan, distinct, threads):
            check()
            for name, part in group.columns.items():
                columns[name].add(part)
            if group.moments is not None:
                products = group.moments if products is None else together(products, group.moments)
        gram, no_gram = _gram(paired, numeric, origins, products)
    described = [
        describe_words(name, column, stored.rows, declared.get(name), most_classes)
        if isinstance(column, WordColumn)
        else describe_numbers(name, kinds[name], column, stored.rows, bounds[name], edges.get(name), most_classes)
        for name, column in columns.items()
    ]
    table = Table(stored.rows, tuple(column for column, _ in described))
    return Profile(table, [{**asdict(column), **detail} for column, detail in described], gram, no_gram)


def _refuse_unusable(kinds: Mapping[str, Kind], bounds: Mapping[str, Extremes]) -> None:
    for name, found in bounds.items():
        if found and kind_of(kinds[name]).holds == "numbers" and not all(map(math.isfinite, found)):
            raise WorkFailed("infinite_value", f"column {name!r} holds infinite values; leave these cells empty")
        if found and kind_of(kinds[name]).holds == "times" and (found[0] < EARLIEST or found[1] > LATEST):
            raise WorkFailed(
                "time_out_of_range", f"column {name!r} holds times beyond the years 1 to 9999; fix these cells"
            )


def _gram(
    paired: tuple[str, ...], numeric: tuple[str, ...], origins: Mapping[str, float], products: CrossMoments | None
) -> tuple[Gram | None, str | None]:
    if not numeric:
        return None, "the table has no numeric column"
    if not paired or products is None:
        return None, f"the table has {len(numeric):,} numeric columns; the matrix is kept for at most {MOST_PAIRED:,}"
    try:
        return to_gram(paired, np.array([origins.get(name, 0.0) for name in paired]), products), None
    except FloatingPointError:
        return None, "the numbers are too large: their squares exceed float64"


def _edges(low: float, high: float) -> npt.NDArray[np.float64]:
    """Edges of equal bins from the least to the greatest value; one bin for a constant."""
    if low == high:
        return np.array([low, high])
    shares = np.linspace(0, 1, BINS + 1)
    edges = low * (1 - shares) + high * shares  # high - low may be beyond float64
    return np.asarray(edges, np.float64) if (np.diff(edges) > 0).all() else np.array([low, high])
