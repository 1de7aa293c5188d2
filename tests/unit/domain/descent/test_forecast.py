"""Forecasts of descent are what descent does: plain numpy steps on the rows, counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes

from service.domain.descent.curvature import Curvature, curvature, gram
from service.domain.descent.forecast import Slope, slope_of

steady = settings(max_examples=25, deadline=None, derandomize=True)


def rows(seed: int, spread: float, targets: int = 1) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(50, 4)) * np.array([1, spread, 1 / spread, 1]) + generator.normal(size=(50, 1))
    return X, X @ generator.normal(size=(4, targets)) + generator.normal(size=(50, targets)) + 1


def shares_left(
    X: np.ndarray, Y: np.ndarray, rate: float, epochs: int, momentum: float = 0.0, nesterov: bool = False
) -> np.ndarray:
    """(epochs + 1,) of the gap from zero weights to the least loss, before each step and after the last."""
    Z = np.column_stack([X, np.ones(len(X))])
    least = np.sum((Z @ np.linalg.lstsq(Z, Y, rcond=None)[0] - Y) ** 2)
    W, V = np.zeros((Z.shape[1], Y.shape[1])), np.zeros((Z.shape[1], Y.shape[1]))
    losses = [np.sum(Y**2)]
    for _ in range(epochs):
        gradient = 2 / len(Z) * Z.T @ (Z @ W - Y)
        V = momentum * V + gradient
        W = W - rate * (gradient + momentum * V if nesterov else V)
        losses.append(np.sum((Z @ W - Y) ** 2))
    return (np.array(losses) - least) / (losses[0] - least)


def arrival(left: np.ndarray) -> int:
    return int(np.argmax(left <= 0.01)) if (left <= 0.01).any() else 10**9


def ground(X: np.ndarray, Y: np.ndarray) -> tuple[Slope, Curvature]:
    Z = np.column_stack([X, np.ones(len(X))])
    hessian = gram([X], X.shape[1], bias=True)
    slope, found = slope_of(hessian, -2 / len(Z) * Z.T @ Y), curvature(hessian)
    assert slope is not None
    assert found is not None
    return slope, found


@steady
@given(st.integers(0, 1000), st.sampled_from([1.0, 3.0, 10.0]), st.sampled_from([1, 2]))
def test_epochs_are_those_of_descent(seed: int, spread: float, targets: int) -> None:
    X, Y = rows(seed, spread, targets)
    slope, found = ground(X, Y)
    for share in (0.02, 0.3, 0.5, 0.9, 0.99):
        rate = share * found.stable_learning_rate
        told = int(slope.epochs(np.array([rate]))[0])
        if told < 5000:
            assert arrival(shares_left(X, Y, rate, told + 1)) == told


@steady
@given(st.integers(0, 1000), st.sampled_from([1.0, 3.0, 10.0]))
def test_no_rate_is_faster_than_the_best_one(seed: int, spread: float) -> None:
    X, Y = rows(seed, spread)
    slope, found = ground(X, Y)
    told = slope.forecast(found)
    assert told.epochs_to_1_percent is not None
    assert told.epochs_at_worst_case_rate is not None
    assert told.epochs_to_1_percent <= told.epochs_at_worst_case_rate <= found.epochs_to_1_percent
    if told.epochs_to_1_percent < 2000:
        rates = np.linspace(0, found.stable_learning_rate, 62)[1:-1]
        every = [arrival(shares_left(X, Y, rate, told.epochs_to_1_percent + 1)) for rate in rates]
        assert told.epochs_to_1_percent <= min(every) * 1.02 + 1
        assert arrival(shares_left(X, Y, told.best_learning_rate, told.epochs_to_1_percent)) == told.epochs_to_1_percent


@steady
@given(
    st.integers(0, 1000), st.floats(0.05, 0.95), st.sampled_from([0.0, 0.5, 0.9]), st.booleans(), st.integers(1, 200)
)
def test_a_run_with_momentum_is_forecast(seed: int, share: float, momentum: float, nesterov: bool, epochs: int) -> None:
    X, Y = rows(seed, 2.0)
    slope, found = ground(X, Y)
    rate = share * found.stable_learning_rate * (1 + momentum) / (1 + 2 * momentum if nesterov else 1)
    told = slope.course(rate, momentum, nesterov, epochs)
    left = shares_left(X, Y, rate, epochs, momentum, nesterov)
    assert told.share_left == pytest.approx(left[-1], rel=1e-6, abs=1e-12)
    assert (told.epochs_to_1_percent or 10**9) == arrival(left)


def test_on_diabetes_half_of_the_worst_case_rate_takes_a_fiftieth_of_its_epochs() -> None:
    data = load_diabetes(scaled=False)
    X, Y = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0), data.target[:, None]
    Y = (Y - Y.mean()) / Y.std()
    slope, found = ground(X, Y)
    told = slope.forecast(found)
    assert told.epochs_at_worst_case_rate == arrival(shares_left(X, Y, found.best_learning_rate, 1000))
    half = int(slope.epochs(np.array([found.best_learning_rate / 2]))[0])
    assert half == arrival(shares_left(X, Y, found.best_learning_rate / 2, 1000))
    assert told.epochs_to_1_percent is not None
    assert told.epochs_to_1_percent <= half
    assert told.epochs_at_worst_case_rate > 40 * half


def test_without_a_gap_or_finite_numbers_there_is_no_forecast() -> None:
    assert slope_of(np.eye(2), np.zeros((2, 1))) is None
    assert slope_of(np.zeros((2, 2)), np.ones((2, 1))) is None
    assert slope_of(np.full((2, 2), np.inf), np.ones((2, 1))) is None


def test_a_run_that_diverges_has_a_finite_forecast_that_says_so() -> None:
    slope, found = ground(*rows(1, 2.0))
    for factor in (1.6, 1e200):
        told = slope.course(factor * found.stable_learning_rate, 0.5, nesterov=False, epochs=5000)
        assert (told.epochs_to_1_percent, told.share_left) == (None, 1e30)
