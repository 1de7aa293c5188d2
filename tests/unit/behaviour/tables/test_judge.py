"""What bench-tables says of predictions and models."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.benchmarks.tables.judge import calibration_error, covered, error, ranks, ratio


def test_error_of_numbers_is_rmse_over_standard_deviation():
    truth = np.array([1.0, 2.0, 3.0, 6.0])
    assert error(truth, np.full(4, truth.mean()), None) == pytest.approx(1)
    # residuals 1, -1, 1, -1; variance (4 + 1 + 0 + 9) / 4
    assert error(truth, truth - [1, -1, 1, -1], None) == pytest.approx(1 / np.sqrt(3.5))


def test_error_of_classes_is_the_log_loss_of_sorted_labels():
    truth = np.array(["no", "yes", "maybe", "yes"], dtype=object)
    said = np.array([[0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.3, 0.4]])
    expected = log_loss(truth.astype(str), said, labels=["maybe", "no", "yes"])
    assert error(truth, said, ["maybe", "no", "yes"]) == pytest.approx(expected)


def test_calibration_error_weighs_each_bin_by_its_rows():
    # 10 rows at confidence 0.8 of which 6 are right, 5 rows at confidence 0.6 of which 3 are right
    said = np.array([[0.8, 0.2]] * 10 + [[0.4, 0.6]] * 5)
    truth = np.array(["a"] * 6 + ["b"] * 4 + ["b"] * 3 + ["a"] * 2)
    assert calibration_error(truth, said, ["a", "b"]) == pytest.approx(10 / 15 * 0.2)


def test_covered_is_the_share_within_its_interval_ends_included():
    truth = np.array([1, 2, 3, 4, 5], dtype=object)
    assert covered(truth, np.array([[0, 2], [2, 9], [0, 3], [5, 6], [1, 2]], dtype=float)) == pytest.approx(3 / 5)


def test_ratio_is_the_geometric_mean_over_tables_that_both_have():
    ours = {"one": [1.0, 4.0], "two": [3.0, 3.0], "three": [9.0, 9.0]}
    theirs = {"one": [2.0, 2.0], "two": [6.0, 6.0]}
    # table one: sqrt(1/2 * 4/2) = 1; table two: 1/2
    times, lower, shared = ratio(ours, theirs)
    assert (times, lower, shared) == (pytest.approx(np.sqrt(0.5)), 1, 2)


def test_ranks_are_over_tables_that_every_model_has():
    found = {
        "a": {"one": [1.0], "two": [5.0], "three": [1.0]},
        "b": {"one": [2.0], "two": [4.0], "three": [1.0]},
        "c": {"one": [3.0], "two": [6.0]},
    }
    assert ranks(found) == {"a": 1.5, "b": 1.5, "c": 3.0}
