"""Edges of bins, against what quantiles are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workers.training.data.edges import bin_edges


def of(values: np.ndarray, bins: int) -> tuple[float, ...]:
    return bin_edges(values, float(values.min()), float(values.max()), bins)


@pytest.mark.parametrize("bins", [2, 3, 8, 64])
def test_as_many_rows_lie_in_each_bin(bins: int) -> None:
    values = np.random.default_rng(0).lognormal(size=6_400)
    edges = of(values, bins)
    assert len(edges) == bins + 1
    assert (edges[0], edges[-1]) == (values.min(), values.max())
    ordered = sorted(values.tolist())
    assert list(edges[1:-1]) == [ordered[math.ceil(6_400 * k / bins) - 1] for k in range(1, bins)]


def test_quantiles_that_coincide_are_one_edge() -> None:
    values = np.array([0.0] * 70 + [float(value) for value in range(1, 31)])
    assert of(values, 10) == (0.0, 10.0, 20.0, 30.0)


@pytest.mark.parametrize("values", [[3.0] * 5, [0.0, 1.0] * 50, [0.0] * 3 + [7.0]])
def test_a_column_of_one_or_two_values_has_no_bins(values: list[float]) -> None:
    assert of(np.array(values), 8) == ()


def test_one_bin_is_none() -> None:
    assert of(np.arange(100.0), 1) == ()


@pytest.mark.parametrize("values", [[-1.7e308, 0.0, 1.7e308], [0.0, 5e-324, 1e-323]])
def test_ranges_that_float64_cannot_divide_by_have_no_bins(values: list[float]) -> None:
    assert of(np.array(values), 2) == ()


def test_the_ends_are_those_of_all_rows() -> None:
    assert bin_edges(np.arange(1.0, 10.0), 0.0, 99.0, 3) == (0.0, 3.0, 6.0, 99.0)
