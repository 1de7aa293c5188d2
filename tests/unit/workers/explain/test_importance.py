"""Permutation importance: the numbers are scikit-learn's, the intervals hold what they say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.inspection import permutation_importance

from service.domain.model.feature import Feature
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from service.domain.report.features import Importance
from tests.unit.workers.explain.models import Estimator, mlp, neuron, part
from workers.explain.importance import importances, row_losses
from workers.explain.sample import inputs_of_features


def values(predictor: Predictor, inputs: np.ndarray, truth: np.ndarray, seed: int = 0) -> dict[str, float]:
    return {one.feature: one.value for one in importances(predictor, part(inputs, truth), seed).ranked}


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("outputs", [1, 3])
def test_values_are_scikit_learns(outputs: int, members: int) -> None:
    generator = np.random.default_rng(0)
    predictor = mlp(1, 4, (8, 5), outputs, members=members)
    X = generator.normal(size=(1500, 4)).astype(np.float32)
    scores = predictor.scores(X)
    if outputs == 1:
        truth, scoring = scores + generator.normal(size=len(X)), "neg_root_mean_squared_error"
    else:
        truth, scoring = (scores.cumsum(axis=1) < generator.random((len(X), 1))).sum(axis=1), "neg_log_loss"
    expected = permutation_importance(Estimator(predictor), X, truth, scoring=scoring, n_repeats=100, random_state=0)
    found = np.mean([[values(predictor, X, truth, seed)[f"x{k}"] for k in range(4)] for seed in range(10)], axis=0)
    tolerance = 5 * np.hypot(expected.importances_std / 10, expected.importances_std / 10)
    assert np.all(np.abs(found - expected.importances_mean) < tolerance)
    assert expected.importances_mean.max() > 15 * tolerance.max()  # so the comparison says something


def test_a_shuffle_of_four_rows_is_one_of_the_24() -> None:
    X = np.array([[1.0, 0.0], [2.0, 1.0], [4.0, 5.0], [8.0, 3.0]])
    truth = np.array([1.0, 5.0, 3.0, 9.0])
    predictor = neuron([1.0, 0.5, 0.0])
    rmse = np.sqrt(np.mean((truth - X @ [1.0, 0.5]) ** 2))
    possible = {
        round(float(np.sqrt(np.mean((truth - X[list(order), 0] - X[:, 1] * 0.5) ** 2)) - rmse), 9)
        for order in itertools.permutations(range(4))
    }
    for seed in range(10):
        found = importances(predictor, part(X, truth), seed)
        total = found.effort.repeats * {one.feature: one.value for one in found.ranked}["a"]
        assert min(possible) * found.effort.repeats <= total <= max(possible) * found.effort.repeats
    means = np.mean([values(predictor, X, truth, seed)["a"] for seed in range(200)])
    all_orders = [
        np.sqrt(np.mean((truth - X[list(order), 0] - X[:, 1] * 0.5) ** 2)) - rmse
        for order in itertools.permutations(range(4))
    ]
    assert means == pytest.approx(np.mean(all_orders), abs=5 * np.std(all_orders) / np.sqrt(2000))


def test_intervals_hold_the_importance_in_the_population() -> None:
    """y = 2a + b + noise: the shuffled mse is 1 + 2·4 for a and 1 + 2·1 for b, the rmse its root."""
    expected = {"a": np.sqrt(9) - 1, "b": np.sqrt(3) - 1, "c": 0.0}
    held = dict.fromkeys(expected, 0)
    tries = 400
    for seed in range(tries):
        generator = np.random.default_rng(seed)
        X = generator.normal(size=(100, 3)).astype(np.float32)
        truth = X @ [2.0, 1.0, 0.0] + generator.normal(size=100)
        for one in importances(neuron([2.0, 1.0, 0.0, 0.0]), part(X, truth), seed).ranked:
            held[one.feature] += one.low <= expected[one.feature] <= one.high
    assert held["c"] == tries  # an input without weight changes nothing
    assert 0.92 <= held["a"] / tries <= 0.98
    assert 0.92 <= held["b"] / tries <= 0.98


def test_all_columns_of_a_feature_move_together() -> None:
    """A one-hot pair with opposite weights: shuffled one by one, rows would be both or neither."""
    features = (Feature("n", "numeric"), Feature("c", "categorical", categories=("u", "v")))
    transform = FittedTransform(features, np.arange(3), np.zeros(3), np.ones(3))
    plain = neuron([0.0, 1.0, -1.0, 0.0])
    predictor = Predictor("regression", "y", transform, plain.network, plain.parameters)
    generator = np.random.default_rng(0)
    u = generator.random(1000) < 0.5
    X = np.stack([generator.normal(size=1000), u, ~u], axis=1)
    found = values(predictor, X, np.where(u, 1.0, -1.0))
    assert set(found) == {"n", "c"}
    assert found["n"] == 0.0
    # half of the rows change sides, each an error of 2: the mse goes from 0 to 2
    assert found["c"] == pytest.approx(np.sqrt(2), rel=0.05)


def test_a_constant_feature_has_no_importance_and_shifts_no_other() -> None:
    features = (Feature("same", "numeric"), Feature("a", "numeric"), Feature("b", "numeric"))
    transform = FittedTransform(features, np.array([1, 2]), np.zeros(2), np.ones(2))
    assert [positions.tolist() for positions in inputs_of_features(transform)] == [[], [0], [1]]
    plain = neuron([3.0, 0.0, 0.0])
    predictor = Predictor("regression", "y", transform, plain.network, plain.parameters)
    X = np.random.default_rng(0).normal(size=(50, 2))
    found = importances(predictor, part(X, 3 * X[:, 0]), 0).ranked
    assert found[0].feature == "a"
    assert {one.feature: one.value for one in found if one.feature != "a"} == {"same": 0.0, "b": 0.0}


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 2))
    predictor, rows = neuron([1.0, 1.0, 0.0]), part(X, X.sum(axis=1) + generator.normal(size=60))
    assert importances(predictor, rows, 7) == importances(predictor, rows, 7)
    assert importances(predictor, rows, 7) != importances(predictor, rows, 8)


def test_one_row_has_a_value_without_an_interval() -> None:
    found = importances(neuron([1.0, 0.0]), part(np.ones((1, 1)), np.zeros(1)), 0).ranked
    assert found == [Importance("a", 0.0, None, None)]


def test_too_wide_for_the_budget_the_strongest_features_are_measured() -> None:
    generator = np.random.default_rng(0)
    weights = [0.1, 5.0, 0.2, 4.0, 0.3, 0.0]
    X = generator.normal(size=(200, 5))
    found = importances(neuron(weights), part(X, X @ weights[:-1]), 0, budget=1_000_000)
    assert [one.feature for one in found.ranked] == ["b", "d"]
    assert found.left_out == 3


def test_losses_of_rows_average_to_the_metric() -> None:
    predictor = neuron([1.0, 0.0], classes=("no", "yes"))
    scores = predictor.scores(np.array([[0.0], [2.0]], dtype=np.float32))
    losses = row_losses(predictor, np.array([1.0, 0.0]), scores)
    assert losses == pytest.approx([np.log(2), np.log(1 + np.exp(2))])
