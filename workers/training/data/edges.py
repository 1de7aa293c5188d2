"""The edges of a column's bins: quantiles of its training rows."""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats

LEAST_WIDTH = float(np.finfo(np.float64).tiny)  # narrower bins have no width where subnormals count as 0
FEWEST_EDGES = 3  # of two bins; a single one tells no more than the column does


def bin_edges(values: Floats, low: float, high: float, bins: int) -> tuple[float, ...]:
    """The distinct ones of the quantiles at 0, 1/bins, …, 1, in their order. They are values that occur
    (`inverted_cdf`), so that a column of few values has an edge at each. `low` and `high` are the ends of all rows, of
    which `values` may be some. None where that makes one bin only, or where a range is not in float64."""
    inner = np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
    edges = np.unique(np.concatenate([[low], inner, [high]]))
    with np.errstate(over="ignore"):
        widths = np.diff(edges)
        is_fit = len(edges) >= FEWEST_EDGES and widths.min() >= LEAST_WIDTH and np.isfinite(high - low)
    return tuple(edges.tolist()) if is_fit else ()
