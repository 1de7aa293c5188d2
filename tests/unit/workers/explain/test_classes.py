"""Curves and scores of classes: counted by hand and by pairs, with scikit-learn for the definitions."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from service.domain.report.classes import ReportedClass
from workers.explain.calibration import calibration
from workers.explain.classes import MOST_POINTS, curves, per_class


def two(seed: int, rows: int, steps: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth and probabilities (n, 2) that are right on average; with `steps`, only so many different ones."""
    generator = np.random.default_rng(seed)
    second = generator.beta(1, 2, rows)
    if steps:
        second = np.round(second * steps) / steps
    truth = (generator.random(rows) < second).astype(np.int64)
    return truth, np.stack([1 - second, second], axis=1)


def test_a_small_roc_is_that_counted_by_hand() -> None:
    truth, second = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    (found,) = curves(truth, np.stack([1 - second, second], axis=1), ("no", "yes"))
    assert found.label == "yes"
    assert found.roc.true_positive_rate == [0, 0.5, 0.5, 1, 1]  # from above 0.8, then 0.8, 0.4, 0.35, 0.1
    assert found.roc.false_positive_rate == [0, 0, 0.5, 0.5, 1]
    assert found.precision_recall.precision == pytest.approx([1 / 2, 2 / 3, 1 / 2, 1, 1])
    assert found.precision_recall.recall == [1, 1, 0.5, 0.5, 0]
    assert found.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found.share == 0.5


@pytest.mark.parametrize("steps", [0, 7])
def test_the_area_is_the_share_of_pairs_in_the_right_order(steps: int) -> None:
    truth, probabilities = two(0, 2000, steps)
    (found,) = curves(truth, probabilities, (0, 1))
    ones, zeros = probabilities[truth == 1, 1][:, None], probabilities[truth == 0, 1]
    assert found.roc_auc == pytest.approx(np.mean((ones > zeros) + 0.5 * (ones == zeros)))


def test_thinned_curves_keep_their_ends_and_their_area() -> None:
    truth, probabilities = two(1, 50_000)
    (found,) = curves(truth, probabilities, (0, 1))
    for x, y, name in (
        ("false_positive_rate", "true_positive_rate", "roc"),
        ("recall", "precision", "precision_recall"),
    ):
        xs, ys = (getattr(getattr(found, name), axis) for axis in (x, y))
        assert 100 < len(xs) == len(ys) <= MOST_POINTS
        assert sorted([xs[0], xs[-1]]) == [0, 1]
    assert sk.auc(found.roc.false_positive_rate, found.roc.true_positive_rate) == pytest.approx(
        sk.roc_auc_score(truth, probabilities[:, 1]), abs=1e-3
    )
    recall, precision = found.precision_recall.recall, found.precision_recall.precision
    assert sk.auc(recall, precision) == pytest.approx(found.average_precision, abs=5e-3)


def test_more_classes_are_each_held_against_the_rest() -> None:
    generator = np.random.default_rng(2)
    probabilities = generator.dirichlet([1, 1, 1, 1], 3000)
    truth = (probabilities.cumsum(axis=1) < generator.random((3000, 1))).sum(axis=1)
    found = curves(truth, probabilities, ("a", "b", "c", "d"))
    for number, curve in enumerate(found):
        assert curve.label == "abcd"[number]
        assert curve.roc_auc == pytest.approx(sk.roc_auc_score(truth == number, probabilities[:, number]))
        assert curve.average_precision == pytest.approx(
            sk.average_precision_score(truth == number, probabilities[:, number])
        )


def test_a_class_without_rows_or_without_others_has_no_curve() -> None:
    probabilities = np.full((5, 3), 1 / 3)
    assert [one.label for one in curves(np.array([0, 0, 2, 2, 2]), probabilities, ("a", "b", "c"))] == ["a", "c"]
    assert curves(np.array([1, 1]), np.full((2, 2), 0.5), ("a", "b")) == []


def test_scores_of_each_class_are_those_of_the_confusion() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 1, 1, 0, 0])
    a, b, c, d = per_class(truth, np.eye(4)[predicted], ("a", "b", "c", "d"))
    assert a == ReportedClass("a", 2 / 4, pytest.approx(2 / 3), pytest.approx(4 / 7), support=3)
    assert b == ReportedClass("b", 0.5, 0.5, 0.5, support=2)
    assert c == ReportedClass("c", None, 0.0, 0.0, support=1)  # never predicted
    assert d == ReportedClass("d", None, None, None, support=0)


def test_scores_of_each_class_are_scikit_learns() -> None:
    generator = np.random.default_rng(6)
    truth, predicted = generator.integers(0, 5, (2, 400)) % [[4], [5]]  # of the fifth class no row
    wanted = sk.precision_recall_fscore_support(truth, predicted, labels=np.arange(6), zero_division=np.nan)
    found = per_class(truth, np.eye(6)[predicted], tuple("abcdef"))
    for scores, name in zip(wanted, ("precision", "recall", "f1", "support"), strict=True):
        held = [float("nan") if getattr(one, name) is None else getattr(one, name) for one in found]
        assert held == pytest.approx(scores, nan_ok=True), name


@pytest.mark.parametrize("steps", [0, 4])
def test_reliability_of_two_classes_is_scikit_learns(steps: int) -> None:
    truth, probabilities = two(3, 997, steps)
    found = calibration(truth, probabilities)
    observed, predicted = calibration_curve(truth, probabilities[:, 1], n_bins=10, strategy="quantile")
    assert [one.observed for one in found.bins] == pytest.approx(observed)
    assert [one.predicted for one in found.bins] == pytest.approx(predicted)
    assert sum(one.rows for one in found.bins) == len(truth)
    assert found.brier == pytest.approx(sk.brier_score_loss(truth, probabilities[:, 1]))


def test_reliability_of_more_classes_is_that_of_the_predicted_one() -> None:
    generator = np.random.default_rng(4)
    probabilities = generator.dirichlet([1, 1, 1], 2000)
    truth = (probabilities.cumsum(axis=1) < generator.random((2000, 1))).sum(axis=1)
    found = calibration(truth, probabilities)
    right = truth == probabilities.argmax(axis=1)
    observed, predicted = calibration_curve(right, probabilities.max(axis=1), n_bins=10, strategy="quantile")
    assert [one.observed for one in found.bins] == pytest.approx(observed)
    assert [one.predicted for one in found.bins] == pytest.approx(predicted)
    assert found.brier == pytest.approx(sk.brier_score_loss(truth, probabilities))


def test_the_expected_error_is_the_distance_by_rows() -> None:
    """Eight rows say 0.25 and two come true; two say 1 and one does: no error, and one half."""
    second = np.array([0.25] * 8 + [1.0] * 2)
    truth = np.array([1, 1] + [0] * 6 + [1, 0])
    found = calibration(truth, np.stack([1 - second, second], axis=1))
    assert found.expected_error == pytest.approx(0.2 * 0.5)
    assert [one.rows for one in found.bins] == [8, 2]


def test_the_intervals_of_bins_are_score_intervals() -> None:
    """Wilson's limits are the shares p at which the observed one is 1.96 standard errors away."""
    truth, probabilities = two(5, 200)
    for one in calibration(truth, probabilities).bins:
        z = NormalDist().inv_cdf(0.975)
        for limit in (one.low, one.high):
            if 0 < limit < 1:
                assert abs(one.observed - limit) == pytest.approx(z * np.sqrt(limit * (1 - limit) / one.rows))
