from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from service.domain.report.regression import WorstRow
from workers.explain.residuals import residual_summary


def test_the_summary_is_scipys() -> None:
    generator = np.random.default_rng(0)
    truth, predictions = generator.normal(size=500), generator.gamma(2, size=500)
    found = residual_summary(truth, predictions, np.arange(500) * 3, "test", 0)
    expected = stats.describe(truth - predictions, bias=True)
    assert (found.part, found.rows) == ("test", expected.nobs)
    assert found.mean == pytest.approx(expected.mean)
    assert found.standard_deviation == pytest.approx(np.std(truth - predictions, ddof=1))
    assert found.skew == pytest.approx(expected.skewness)
    for level, value in found.quantiles.items():
        assert value == pytest.approx(stats.scoreatpercentile(truth - predictions, 100 * float(level)))


def test_the_worst_rows_are_named_by_their_place_in_the_dataset() -> None:
    truth = np.array([1.0, 50.0, 3.0, -40.0, 5.0, 6.0, 7.5])
    found = residual_summary(truth, np.arange(1.0, 8.0), np.array([2, 3, 5, 7, 11, 13, 17]), "validation", 0)
    assert [one.row for one in found.worst][:3] == [3, 7, 17]
    assert found.worst[1] == WorstRow(row=7, truth=-40.0, prediction=4.0, residual=-44.0)


def test_one_row_and_a_perfect_fit_have_no_spread() -> None:
    found = residual_summary(np.array([2.0]), np.array([2.0]), np.array([0]), "validation", 0)
    assert (found.mean, found.standard_deviation, found.skew) == (0.0, None, None)


def test_the_points_to_draw_are_bounded_pairs() -> None:
    truth = np.arange(10_000.0)
    points = residual_summary(truth, -truth, np.arange(10_000), "validation", 0).points
    assert len(points.truth) == 400
    assert [-value for value in points.truth] == points.prediction
