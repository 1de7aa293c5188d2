"""Metrics against their definitions and scikit-learn; a loss in the target's own units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from service.domain.report.metrics import NumberMetrics
from workers.training.engines.objectives import in_user_units
from workers.training.metrics import baseline, class_metrics, number_metrics


def pieces(*rows: np.ndarray) -> list[Any]:
    """The same rows in three pieces, or in fewer where there are fewer rows."""
    cut = [np.array_split(each, min(3, len(each))) for each in rows]
    return cut[0] if len(rows) == 1 else list(zip(*cut, strict=True))


def regression_metrics(truth: np.ndarray, said: np.ndarray) -> NumberMetrics:
    return number_metrics(pieces(truth, said), ("y",))


def test_regression_by_hand() -> None:
    found = regression_metrics(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 2]))
    assert (found.mse, found.rmse, found.mae, found.r2) == pytest.approx((1.0, 1.0, 0.5, 1 - 4 / 5))


def test_regression_is_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    truth, said = generator.normal(size=100), generator.normal(size=100)
    found = regression_metrics(truth, said)
    assert found.r2 == pytest.approx(sk.r2_score(truth, said))
    assert found.mae == pytest.approx(sk.mean_absolute_error(truth, said))
    assert found.rmse == pytest.approx(sk.root_mean_squared_error(truth, said))


@pytest.mark.parametrize("truth", [[5.0], [5.0, 5.0]])
def test_r2_needs_a_truth_that_varies(truth: list[float]) -> None:
    assert regression_metrics(np.array(truth), np.zeros(len(truth))).r2 is None


def test_two_classes_by_hand() -> None:
    truth = np.array([0, 0, 1, 1])
    second = np.array([0.1, 0.6, 0.8, 0.7])
    found = class_metrics(pieces(truth, np.stack([1 - second, second], axis=1)), ("no", "yes"))
    assert found.accuracy == 0.75
    assert found.confusion == [[1, 1], [0, 2]]
    assert found.f1 == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert found.roc_auc == 1.0
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7]).mean())


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_classes_are_scikit_learns(classes: int) -> None:
    generator = np.random.default_rng(classes)
    truth = np.concatenate([np.arange(classes), generator.integers(0, classes, 200)])
    probabilities = generator.dirichlet(np.ones(classes), len(truth))
    found = class_metrics(pieces(truth, probabilities), tuple(range(classes)))
    said = probabilities.argmax(axis=1)
    assert found.accuracy == pytest.approx(sk.accuracy_score(truth, said))
    assert found.log_loss == pytest.approx(sk.log_loss(truth, probabilities))
    assert found.confusion == sk.confusion_matrix(truth, said).tolist()
    average = "binary" if classes == 2 else "macro"
    assert found.f1 == pytest.approx(sk.f1_score(truth, said, average=average))
    scores = probabilities[:, 1] if classes == 2 else probabilities
    assert found.roc_auc == pytest.approx(sk.roc_auc_score(truth, scores, multi_class="ovr"))


def test_a_part_without_rows_of_a_class_has_no_roc_auc_and_no_warning() -> None:
    found = class_metrics(pieces(np.array([0, 0, 1]), np.full((3, 3), 1 / 3)), ("a", "b", "c"))
    assert found.roc_auc is None
    assert found.confusion == [[2, 0, 0], [1, 0, 0], [0, 0, 0]]
    only = class_metrics(pieces(np.array([1]), np.array([[0.5, 0.5]])), ("a", "b"))
    assert (only.roc_auc, only.f1) == (None, 0.0)


def test_a_certain_mistake_costs_much_but_not_without_end() -> None:
    found = class_metrics(pieces(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])), ("a", "b"))
    assert 15 < found.log_loss < 40


def test_the_baseline_says_the_training_mean_or_shares() -> None:
    found = baseline(pieces(np.array([1.0, 3.0])), pieces(np.array([2.0, 4.0])), ())
    assert (found.mse, found.mae) == (2.0, 1.0)
    found = baseline(pieces(np.array([0.0, 1, 1, 1])), pieces(np.array([0.0, 1.0])), ("a", "b"))
    assert found.accuracy == 0.5
    assert found.log_loss == pytest.approx(-np.log([0.25, 0.75]).mean())
    assert found.confusion == [[0, 1], [0, 1]]


def test_losses_are_told_in_the_targets_units() -> None:
    truth, said, scale = np.array([10.0, 30.0]), np.array([14.0, 32.0]), 4.0
    scaled = (truth - said) / scale
    assert in_user_units("mse", float(np.mean(scaled**2)), scale) == pytest.approx(np.mean((truth - said) ** 2))
    assert in_user_units("mae", float(np.mean(np.abs(scaled))), scale) == pytest.approx(np.mean(np.abs(truth - said)))
    assert in_user_units("cross_entropy", 0.7, scale) == 0.7
    # Huber with the threshold at `scale`: within it e²/2, beyond it scale·(|e| - scale/2)
    error = np.array([2.0, 12.0])
    inside = np.where(np.abs(error / scale) <= 1, (error / scale) ** 2 / 2, np.abs(error / scale) - 0.5).mean()
    assert in_user_units("huber", float(inside), scale) == pytest.approx((2.0**2 / 2 + 4 * (12 - 2)) / 2)


def test_of_several_targets_the_mean_is_told_and_each_by_its_name() -> None:
    generator = np.random.default_rng(3)
    truth = generator.normal(size=(50, 2)) * [1, 100]
    said = truth + generator.normal(size=(50, 2))
    found = number_metrics(pieces(truth, said), ("a", "b"))
    assert found.mse == pytest.approx(sk.mean_squared_error(truth, said))
    assert found.mae == pytest.approx(sk.mean_absolute_error(truth, said))
    assert found.rmse == pytest.approx(sk.root_mean_squared_error(truth, said))
    assert found.r2 == pytest.approx(sk.r2_score(truth, said))
    assert found.by_target == {
        "a": regression_metrics(truth[:, 0], said[:, 0]), "b": regression_metrics(truth[:, 1], said[:, 1])
    }  # fmt: skip
    truth[:, 0] = 1.0
    assert number_metrics(pieces(truth, said), ("a", "b")).r2 is None


def test_the_baseline_of_several_targets_says_the_mean_of_each() -> None:
    train, truth = np.array([[1.0, 10], [3, 30]]), np.array([[0.0, 20], [2, 26]])
    found = baseline(pieces(train), pieces(truth), (), ("a", "b")).by_target
    assert (found["a"].mse, found["b"].mse) == (2.0, 18.0)
