"""What is said of a column once all its groups of rows are together: its kind, and the figures of its profile."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.cells.kinds import Holds, Kind, kind_of
from service.domain.cells.table import Column
from service.domain.reading.free_text import kind_of_words
from workers.ingest.profiling.groups import Extremes
from workers.ingest.profiling.numbers import NumberColumn
from workers.ingest.profiling.words import WordColumn

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
TOP = 20
MOST_VALUES = 200  # of so many at most all are told: a spec may name any of them as a class
EPOCH = datetime(1970, 1, 1)
LAST_MICROSECOND = (datetime.max - EPOCH) // timedelta(microseconds=1)
DescribedColumn = tuple[Column, dict[str, Any]]


def describe_words(
    name: str, column: WordColumn, rows: int, declared: Kind | None, most_classes: int
) -> DescribedColumn:
    """A column of words, as one of the table's and as one of the profile's.

    Where the words are too many to be counted one by one, `distinct_error` is the standard error of `distinct` as a
    share of it, and the counts of `top` are too small by at most `top_missed`. `values` are all of them, in order, of
    categories that are few.
    """
    distinct = column.n_distinct
    kind = declared or kind_of_words(distinct, column.count, column.letters)
    may_be_target = kind_of(kind).target is not None
    rarest = None
    if column.is_exact and 0 < distinct <= most_classes and may_be_target:
        word, least = column.rarest()
        rarest = {"value": word, "count": least}
    detail = {
        "count": column.count,
        "distinct_is_exact": column.is_exact,
        "distinct_error": 0.0 if column.is_exact else column.distinct.standard_error,
        "mean_length": column.mean_length,
        "top": [{"value": word, "count": count} for word, count in column.top(TOP)],
        "top_missed": column.missed,
    }
    if column.is_exact and may_be_target and distinct <= MOST_VALUES:
        detail["values"] = sorted(column.counts)
    return Column(name=name, kind=kind, nulls=rows - column.count, distinct=distinct, rarest=rarest), detail


def describe_numbers(
    name: str,
    kind: Kind,
    column: NumberColumn,
    rows: int,
    bounds: Extremes,
    edges: npt.NDArray[np.float64] | None,
    most_classes: int,
) -> DescribedColumn:
    """A column of numbers, times or truths, as one of the table's and as one of the profile's.

    `quantiles_error` bounds how far off the ranks of the quantiles are, as a share of the cells; 0 is exact. `values`
    are all the numbers, in order, where they are few. `rises` and `falls` are how often a time is later, or earlier,
    than the one before it in the file.
    """
    rarest, holds = None, kind_of(kind).holds
    counted = column.counted
    if counted is not None and 0 < len(counted[0]) <= most_classes:
        place = int(np.argmin(counted[1]))
        rarest = {"value": _shown(counted[0][place], holds), "count": int(counted[1][place])}
    detail: dict[str, Any] = {
        "count": column.count,
        "distinct_is_exact": counted is not None,
        "distinct_error": 0.0 if counted is not None else column.distinct.standard_error,
    }
    if holds == "truths":
        found = zip(*(part.tolist() for part in counted), strict=True) if counted is not None else ()
        ordered = sorted(found, key=lambda item: (-item[1], item[0]))
        detail["top"] = [{"value": bool(value), "count": count} for value, count in ordered]
    else:
        values, error = column.quantiles.at(QUANTILES)
        shown = [_shown(value, holds) for value in values]
        detail["quantiles"] = dict(zip(map(str, QUANTILES), shown, strict=False))
        detail["quantiles_error"] = error
    if column.steps is not None:
        detail |= {"rises": column.steps.rises, "falls": column.steps.falls}
    if holds == "numbers":
        counts = column.bins.tolist() if edges is not None else []
        detail["histogram"] = {"edges": edges.tolist() if edges is not None else [], "counts": counts}
        if counted is not None and len(counted[0]) <= MOST_VALUES:
            detail["values"] = [float(value) for value in counted[0]]
    ranged = bounds is not None and holds != "truths"
    is_number = holds == "numbers" and column.count > 0
    return (
        Column(
            name=name,
            kind=kind,
            nulls=rows - column.count,
            distinct=column.n_distinct,
            minimum=_shown(bounds[0], holds) if ranged and bounds else None,
            maximum=_shown(bounds[1], holds) if ranged and bounds else None,
            mean=column.mean if is_number and math.isfinite(column.mean) else None,
            standard_deviation=column.standard_deviation if is_number else None,
            whole=is_number and column.whole,
            rarest=rarest,
        ),
        detail,
    )


def _shown(value: Any, holds: Holds) -> Any:
    if holds == "truths":
        return bool(value)
    if holds == "times":
        # a float holds these microseconds to about 16 of them: the last moment of 9999 may come out just beyond it
        return (EPOCH + timedelta(microseconds=min(int(value), LAST_MICROSECOND))).isoformat() + "Z"
    return float(value)
