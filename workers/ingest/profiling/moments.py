"""Sums of squares and products of all pairs of numeric columns, group by group of rows: what a Gram matrix is made of.

Each group is centred by its own means, and two groups are merged by moving both to their common ones (Chan, Golub &
LeVeque 1983, for pairs), so that large means cost no digits. A row counts for a pair where both cells are present.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.descent.gram import Gram


@dataclass(frozen=True, slots=True)
class Gaps:
    """Sums over the rows in which columns i and j are both present, (m, m) each: how many, the sum of what column i is
    beyond its mean, and the sum of its square."""

    rows: Floats
    sums: Floats
    squares: Floats


@dataclass(frozen=True, slots=True)
class CrossMoments:
    """Moments of m columns: present cells and means (m,), and products (m, m) of what they are beyond those means,
    summed over the rows in which both are present. `gaps` is None while nothing is missing."""

    rows: int
    counts: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    products: Floats
    gaps: Gaps | None = None


def moments(cells: Floats) -> CrossMoments:
    """Moments of a group's cells (m, n), one column a row, NaN where missing. Overwrites them."""
    n = cells.shape[1]
    absent: npt.NDArray[np.bool_] = np.isnan(cells)
    has_gaps = absent.sum(axis=1) > 0
    gapped = np.flatnonzero(has_gaps)
    counts = np.full(len(cells), float(n))
    if not len(gapped):
        means = cells.mean(axis=1)
        cells -= means[:, None]
        return CrossMoments(n, counts, means, cells @ cells.T)
    counts[gapped] -= absent[gapped].sum(axis=1)
    cells[absent] = 0
    means = cells.sum(axis=1) / np.maximum(counts, 1)
    cells -= means[:, None]
    cells[absent] = 0
    products = cells @ cells.T
    present = (~absent[gapped]).astype(np.float64)
    rows = np.repeat(counts[:, None], len(cells), axis=1)
    rows[:, gapped] = np.where(has_gaps[:, None], 0, counts[gapped])
    rows[np.ix_(gapped, gapped)] = present @ present.T
    sums = np.zeros_like(products)
    sums[:, gapped] = cells @ present.T
    squares = np.repeat(products.diagonal()[:, None], len(cells), axis=1)
    np.square(cells, out=cells)
    squares[:, gapped] = cells @ present.T
    return CrossMoments(n, counts, means, products, Gaps(rows, sums, squares))


def together(one: CrossMoments, other: CrossMoments) -> CrossMoments:
    """Moments of the rows of both."""
    counts = one.counts + other.counts
    means = one.means + (other.means - one.means) * other.counts / np.maximum(counts, 1)
    if one.gaps is None and other.gaps is None:
        shift = other.means - one.means
        between = np.outer(shift, shift) * (one.rows * other.rows / max(one.rows + other.rows, 1))
        return CrossMoments(one.rows + other.rows, counts, means, one.products + other.products + between)
    (first, first_gaps), (second, second_gaps) = _moved(one, means), _moved(other, means)
    return CrossMoments(
        one.rows + other.rows,
        counts,
        means,
        first + second,
        Gaps(
            first_gaps.rows + second_gaps.rows,
            first_gaps.sums + second_gaps.sums,
            first_gaps.squares + second_gaps.squares,
        ),
    )


def _moved(part: CrossMoments, means: npt.NDArray[np.float64]) -> tuple[Floats, Gaps]:
    """The products and gaps as they are beyond other means."""
    gaps = part.gaps or _no_gaps(part)
    shift = np.where(part.counts > 0, means - part.means, 0)
    down, across = shift[:, None], shift[None, :]
    products = part.products - down * gaps.sums.T - across * gaps.sums + down * across * gaps.rows
    sums = gaps.sums - down * gaps.rows
    squares = gaps.squares - 2 * down * gaps.sums + down * down * gaps.rows
    return products, Gaps(gaps.rows, sums, squares)


def _no_gaps(part: CrossMoments) -> Gaps:
    rows = np.full_like(part.products, part.rows)
    squares = np.repeat(part.products.diagonal()[:, None], len(rows), axis=1)
    return Gaps(rows, np.zeros_like(rows), squares)


def to_gram(names: tuple[str, ...], origins: npt.NDArray[np.float64], found: CrossMoments) -> Gram:
    """What is stored; `origins` (m,) are what the cells were measured from.

    Raises FloatingPointError where the numbers are too large for their squares.
    """
    means = origins + found.means
    if found.gaps is None:
        gram = Gram(names, found.rows, found.counts, means, found.products)
    else:
        rows, sums = found.gaps.rows, found.gaps.sums
        safe = np.maximum(rows, 1)
        spread = np.sqrt(np.maximum(found.gaps.squares - sums * sums / safe, 0))
        scale = spread * spread.T
        correlations = (found.products - sums * sums.T / safe) / np.where(scale > 0, scale, np.nan)
        gram = Gram(names, found.rows, found.counts, means, found.products, correlations, rows)
    if not np.isfinite(gram.centred).all():
        raise FloatingPointError
    return gram
