"""Curvature against numpy's own eigenvalues, and against what descent really does."""

from __future__ import annotations

import numpy as np
import pytest

from service.domain.descent.curvature import Curvature, curvature, epochs_to, gram
from service.domain.described import document


def design(seed: int = 3, rows: int = 200) -> np.ndarray:
    """Columns of different size, two of them nearly the same."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, 4)) * [1, 10, 0.2, 1] + [0, 3, 0, 0]
    X[:, 3] = X[:, 0] + 0.05 * X[:, 3]
    return X


def found(X: np.ndarray, bias: bool = True) -> Curvature:
    figures = curvature(gram([X], X.shape[1], bias))
    assert figures is not None
    return figures


def descend(X: np.ndarray, y: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Losses above the optimum along full-batch descent on (1/n)‖Zw - y‖²."""
    Z = np.hstack([X, np.ones((len(X), 1))])
    best = np.linalg.lstsq(Z, y, rcond=None)[0]
    w = np.zeros(Z.shape[1])
    gaps = []
    for _ in range(steps):
        gaps.append(np.mean((Z @ w - y) ** 2) - np.mean((Z @ best - y) ** 2))
        w -= rate * 2 / len(X) * Z.T @ (Z @ w - y)
    return np.array(gaps)


def test_eigenvalues_of_a_small_design_by_hand() -> None:
    # H = (2/2)·[[1, 0], [0, 9]] for the rows (1, 0), (0, 3)
    figures = found(np.array([[1.0, 0], [0, 3]]), bias=False)
    assert figures.lambda_max == pytest.approx(9)
    assert figures.lambda_min == pytest.approx(1)
    assert figures.condition_number == pytest.approx(9)
    assert figures.stable_learning_rate == pytest.approx(2 / 9)
    assert figures.best_learning_rate == pytest.approx(0.2)
    assert figures.trace == pytest.approx(10)


def test_eigenvalues_are_the_squared_singular_values_of_the_design() -> None:
    X = design()
    singular = np.linalg.svd(np.hstack([X, np.ones((len(X), 1))]), compute_uv=False)
    figures = found(X)
    assert figures.lambda_max == pytest.approx(2 / len(X) * singular[0] ** 2, rel=1e-10)
    assert figures.lambda_min == pytest.approx(2 / len(X) * singular[-1] ** 2, rel=1e-8)


def test_chunks_add_up_to_the_whole() -> None:
    X = design()
    np.testing.assert_allclose(gram([X[:7], X[7:7], X[7:150], X[150:]], 4, True), gram([X], 4, True), rtol=1e-12)


def test_directions_without_curvature_are_left_out() -> None:
    X = design()[:, :2]
    doubled = np.hstack([X, X[:, :1]])  # a column twice: one direction is flat
    assert found(doubled).lambda_min > 1e-9
    assert found(doubled).lambda_min == pytest.approx(
        sorted(np.linalg.eigvalsh(2 / len(X) * (Z := np.hstack([doubled, np.ones((len(X), 1))])).T @ Z))[1], rel=1e-8
    )


def test_a_design_of_zeros_or_without_end_has_no_curvature() -> None:
    assert curvature(gram([np.zeros((5, 2))], 2, False)) is None
    assert curvature(gram([np.full((5, 2), np.inf)], 2, False)) is None
    assert curvature(gram([], 2, True)) is None


@pytest.mark.parametrize("seed", range(5))
def test_descent_is_stable_just_below_the_bound_and_diverges_just_above(seed: int) -> None:
    X = design(seed)
    y = X @ [1, -2, 3, 0.5] + 4
    bound = found(X).stable_learning_rate
    below = descend(X, y, 0.95 * bound, 400)
    above = descend(X, y, 1.05 * bound, 400)
    assert below[-1] < below[0]
    assert below[-1] <= below[10]
    assert above[-1] > 1e3 * above[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_best_rate_is_the_fastest_and_takes_no_more_epochs_than_promised(seed: int) -> None:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(100, 3)) * [1, 2, 3]
    y = X @ [1, 2, 3] + 1
    figures = found(X)
    steps = figures.epochs_to_1_percent
    best = descend(X, y, figures.best_learning_rate, steps + 1)
    assert best[steps] <= 0.01 * best[0]
    eigenvalues = 2 / len(X) * np.linalg.svd(np.hstack([X, np.ones((len(X), 1))]), compute_uv=False) ** 2
    slowest = {
        factor: np.abs(1 - factor * figures.best_learning_rate * eigenvalues).max()
        for factor in (0.9, 0.99, 1, 1.01, 1.1)
    }
    assert min(slowest, key=lambda factor: slowest[factor]) == 1


@pytest.mark.parametrize(("condition", "expected"), [(1.0, 1), (3.0, 4), (9.0, 11), (100.0, 116)])
def test_epochs_by_hand(condition: float, expected: int) -> None:
    # ln(0.01) / (2 ln((κ-1)/(κ+1))): κ = 3 gives 4.605/1.386 = 3.3; 9: 10.3; 100: 115.1
    assert epochs_to(0.01, condition) == expected


def test_epochs_are_counted_for_the_best_and_the_worst_conditions() -> None:
    assert epochs_to(0.01, float(np.nextafter(1, 2))) == 1
    assert epochs_to(0.01, 1e20) == pytest.approx(np.log(100) / 4 * 1e20)  # ln((κ-1)/(κ+1)) is then -2/κ


def test_the_report_has_no_trace() -> None:
    assert "trace" not in document(found(design()))
    assert document(found(design()))["lambda_max"] == found(design()).lambda_max
