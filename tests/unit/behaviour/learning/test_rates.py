"""The learning rate that `auto` stands for: safe on any data, and the best where the loss is a bowl."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from service.domain.descent.rates import settle
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.errors import WorkFailed
from tests.unit.workers.training.running import Run, run, spec_of, write_table

steady = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
AUTO = OptimizerSpec("sgd", "auto", "auto", nesterov=True)
HEAVY_BALL = OptimizerSpec("sgd", "auto", "auto")


def problem(seed: int, rows: int, columns: int, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Columns of every size, more or less alike, and a target that is nearly linear in them."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, columns)) + correlation * generator.normal(size=(rows, 1))
    y = X @ generator.normal(size=columns) + 0.3 * generator.normal(size=rows) + 7
    return X * 10 ** generator.uniform(-4, 4, columns), y


def trained(tmp_path: Path, X: np.ndarray, y: np.ndarray, spec: TrainingSpec) -> Run:
    cells = {f"x{number}": X[:, number].tolist() for number in range(X.shape[1])}
    kinds = dict.fromkeys([*cells, "y"], "numeric")
    return run(write_table(tmp_path / "t", {**cells, "y": y.tolist()}, kinds), spec, kinds)  # type: ignore[arg-type]


def training_loss(done: Run) -> float:
    """Mean squared error on the training rows, in units of the target's own variance."""
    part = done.prepared.train
    return float(np.mean((done.predictor.scores(part.inputs) - part.truth) ** 2) / part.truth.var())


def least_loss(done: Run) -> float:
    part = done.prepared.train
    exact = LinearRegression().fit(part.inputs.astype(np.float64), part.truth)
    return float(np.mean((exact.predict(part.inputs) - part.truth) ** 2) / part.truth.var())


@steady
@given(
    st.integers(0, 10_000),
    st.integers(20, 200),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([AUTO, HEAVY_BALL]),
)
def test_a_linear_neuron_comes_to_the_exact_optimum_by_itself(
    tmp_path: Path, seed: int, rows: int, columns: int, correlation: float, optimizer: OptimizerSpec
) -> None:
    spec = spec_of(split=Split(0, 0), optimizer=optimizer, epochs=100)
    done = trained(tmp_path, *problem(seed, rows, columns, correlation), spec)
    assert training_loss(done) <= least_loss(done) + 0.01


@steady
@given(
    st.integers(0, 10_000),
    st.sampled_from([("mse", "linear"), ("mae", "linear"), ("huber", "linear"), ("mse", "mlp")]),
    st.sampled_from(["full", 1, 8]),
    st.sampled_from([0.0, 0.9]),
    st.sampled_from(["standard", "minmax", "robust", "none"]),
)
def test_descent_at_the_automatic_rate_never_diverges(
    tmp_path: Path, seed: int, choice: tuple[str, str], batch_size: int | str, momentum: float, scaler: str
) -> None:
    loss, kind = choice
    network = NetworkSpec("mlp", (6,), "tanh") if kind == "mlp" else NetworkSpec()
    spec = spec_of(
        split=Split(0, 0), epochs=15, loss=loss, network=network, batch_size=batch_size, scaler=scaler,
        optimizer=OptimizerSpec("sgd", "auto", momentum),
    )  # fmt: skip
    done = trained(tmp_path, *problem(seed, 60, 4, 0.5), spec)  # divergence raises WorkFailed
    assert training_loss(done) < 2.0  # a constant prediction of the mean has 1


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("batch_size", ["full", 16])
def test_classes_are_learnt_at_the_automatic_rate(tmp_path: Path, task: str, batch_size: int | str) -> None:
    generator = np.random.default_rng(0)
    codes = np.arange(120) % (2 if task == "binary" else 3)
    X = generator.normal(size=(120, 2)) + 4 * np.stack([np.cos(2.1 * codes), np.sin(2.1 * codes)], axis=1)
    cells = {"a": X[:, 0].tolist(), "b": (1e5 * X[:, 1]).tolist(), "y": [f"c{code}" for code in codes]}
    kinds = {"a": "numeric", "b": "numeric", "y": "categorical"}
    spec = spec_of(task=task, split=Split(0, 0), optimizer=AUTO, batch_size=batch_size, epochs=100)
    done = run(write_table(tmp_path / "t", cells, kinds), spec, kinds)  # type: ignore[arg-type]  # kinds
    part = done.prepared.train
    assert np.mean(done.predictor.scores(part.inputs).argmax(axis=1) == part.truth) > 0.97


def test_without_momentum_the_rate_is_the_best_constant_one(tmp_path: Path) -> None:
    X, y = problem(1, 100, 3, 0.5)
    done = trained(tmp_path, X, y, spec_of(split=Split(0, 0), optimizer=OptimizerSpec("sgd", "auto", 0.0), epochs=1))
    Z = np.hstack([done.prepared.train.inputs.astype(np.float64), np.ones((100, 1))])
    eigenvalues = np.linalg.eigvalsh(2 / 100 * Z.T @ Z)
    assert done.progress.history[0].learning_rate == pytest.approx(2 / (eigenvalues[0] + eigenvalues[-1]), rel=1e-5)


@pytest.mark.parametrize("optimizer", [AUTO, HEAVY_BALL], ids=["nesterov", "heavy ball"])
def test_as_many_epochs_as_the_curvature_asks_for_end_at_the_optimum(tmp_path: Path, optimizer: OptimizerSpec) -> None:
    """Nearly collinear columns: κ is about 10⁵, and the flattest direction matters most."""
    generator = np.random.default_rng(0)
    base = generator.normal(size=(300, 1))
    X = np.hstack([base + 0.01 * generator.normal(size=(300, 1)), base, generator.normal(size=(300, 3))])
    y = 100 * (X[:, 0] - X[:, 1]) + X[:, 2] + 0.1 * generator.normal(size=300)
    done = trained(tmp_path, X, y, spec_of(split=Split(0, 0), optimizer=optimizer, epochs="auto"))
    assert 300 < done.progress.epoch < 10_000
    assert training_loss(done) <= least_loss(done) * 1.001


def test_nesterovs_rate_and_momentum_are_those_of_the_curvature(tmp_path: Path) -> None:
    X, y = problem(1, 100, 3, 0.5)
    done = trained(tmp_path, X, y, spec_of(split=Split(0, 0), optimizer=AUTO, epochs=500))
    Z = np.hstack([done.prepared.train.inputs.astype(np.float64), np.ones((100, 1))])
    assert done.progress.history[0].learning_rate == pytest.approx(
        1 / np.linalg.eigvalsh(2 / 100 * Z.T @ Z)[-1], rel=1e-5
    )


def test_with_momentum_alone_it_is_the_heavy_ball_of_polyak(tmp_path: Path) -> None:
    X, y = problem(1, 100, 3, 0.5)
    done = trained(tmp_path, X, y, spec_of(split=Split(0, 0), optimizer=HEAVY_BALL, epochs=500))
    Z = np.hstack([done.prepared.train.inputs.astype(np.float64), np.ones((100, 1))])
    root_low, root_high = np.sqrt(np.linalg.eigvalsh(2 / 100 * Z.T @ Z)[[0, -1]])
    assert done.progress.history[0].learning_rate == pytest.approx(4 / (root_high + root_low) ** 2, rel=1e-5)


def test_what_was_asked_for_is_used() -> None:
    spec = spec_of(optimizer=OptimizerSpec("sgd", 0.125, 0.5))
    rates = settle(spec, None, 100)
    assert (rates.learning_rate, rates.momentum) == (0.125, 0.5)


def test_adam_takes_smaller_steps_in_wider_networks() -> None:
    spec = spec_of(optimizer=OptimizerSpec("adam"))
    rates = [
        settle(replace(spec, network=NetworkSpec("mlp", (width,))), None, 10_000).learning_rate
        for width in (8, 64, 65, 256, 257)
    ]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1] > 0


def test_a_design_of_zeros_is_refused() -> None:
    with pytest.raises(WorkFailed) as raised:
        settle(spec_of(optimizer=AUTO), None, 10)
    assert raised.value.code == "features_constant"
