"""Descent in plain numpy and float64: what the comparisons of descents are held to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from workers.training.split import epoch_order

Array = np.ndarray


def standardised(X: Array) -> Array:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def curvature(X: Array) -> Array:
    """The eigenvalues of (2/n) ZᵀZ, Z = [X, 1], rising."""
    Z = np.column_stack([X, np.ones(len(X))])
    return np.linalg.eigvalsh(2 / len(X) * Z.T @ Z)


def losses(X: Array, y: Array, size: int, rate: float, steps: int, seed: int = 0) -> Array:
    """(steps + 1,) the mean squared error of all rows before each step and after the last, in y's units. Learns y at
    mean 0 and deviation 1 from weights of 0; rows come as (seed, epoch) says, `size` in a step."""
    Z = np.column_stack([X, np.ones(len(X))])
    target = (y - y.mean()) / y.std()
    w = np.zeros(Z.shape[1])
    found = [np.mean((Z @ w - target) ** 2)]
    epoch = 0
    while len(found) <= steps:
        epoch += 1
        order = epoch_order(seed, epoch, len(y))
        for start in range(0, len(y), size):
            rows = order[start : start + size]
            w = w - rate * 2 / len(rows) * Z[rows].T @ (Z[rows] @ w - target[rows])
            found.append(np.mean((Z @ w - target) ** 2))
    return np.asarray(found[: steps + 1]) * y.var()


def least(X: Array, y: Array) -> float:
    return float(np.mean((LinearRegression().fit(X, y).predict(X) - y) ** 2))


def check(comparison: dict[str, Any], X: Array, y: Array) -> None:
    """The comparison of a linear neuron's descents on these rows says what numpy finds."""
    best = least(standardised(X), y)
    goal = best + comparison["tolerance"] * (y.var() - best)
    assert np.isclose(comparison["baseline_loss"], y.var(), rtol=1e-5)
    assert [(one["descent"], one["scaled"]) for one in comparison["descents"]] == [
        (name, scaled) for scaled in (True, False) for name in ("batch", "stochastic", "mini-batch")
    ]
    for one in comparison["descents"]:
        design = standardised(X) if one["scaled"] else X
        eigenvalues = curvature(design)
        assert np.isclose(one["condition_number"], eigenvalues[-1] / eigenvalues[0], rtol=1e-3)
        assert np.isclose(one["least_loss"], best, rtol=1e-6)
        assert np.isclose(one["goal_loss"], goal, rtol=1e-5)
        if one["descent"] == "batch":
            assert one["batch_size"] == len(y)
            assert np.isclose(one["stable_learning_rate"], 2 / eigenvalues[-1], rtol=1e-5)
        last = one["curve"][-1]["steps"]
        expected = losses(design, y, one["batch_size"], one["learning_rate"], last)
        for point in one["curve"]:
            assert np.isclose(point["loss"], expected[point["steps"]], rtol=2e-4), (one["descent"], point)
            whole, rest = divmod(point["steps"], -(-len(y) // one["batch_size"]))
            assert point["rows_touched"] == whole * len(y) + min(rest * one["batch_size"], len(y))
            assert np.isclose(point["epoch"], point["rows_touched"] / len(y))
        arrived = [point for point in one["curve"] if point["loss"] <= goal * (1 + 1e-6)]
        assert one["reached"] == bool(arrived)
        end = arrived[0] if arrived else one["curve"][-1]
        told = {"epoch": one["epochs"], "steps": one["steps"], "rows_touched": one["rows_touched"], "loss": one["loss"]}
        assert told == end
        if one["descent"] == "batch" and one["reached"]:  # every one of its steps is looked at
            assert one["steps"] == int(np.argmax(expected <= goal * (1 + 1e-6)))


def table(seed: int, rows: int, scales: list[float], shifts: list[float], noise: float = 0.5) -> tuple[Array, Array]:
    """Independent columns of these scales and shifts, and a target that each of them moves as much."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, len(scales)))
    y = X @ np.arange(1, len(scales) + 1) + noise * generator.normal(size=rows) + 20
    return X * scales + shifts, y
