"""What a report forecasts of descent is what its own training did: the losses of the history, and numpy's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split
from tests.unit.workers.explain.reports import report_of
from tests.unit.workers.training.running import run, spec_of, write_table


def report(directory: Path, seed: int = 0, **changes: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(80, 3)) * [1, 7, 0.2] + generator.normal(size=(80, 1)) + [0, 3, 0]
    y = X @ [1.0, -2.0, 0.5] + generator.normal(size=80) + 10
    cells = {**{f"x{at}": X[:, at].tolist() for at in range(3)}, "y": y.tolist()}
    kinds: Any = dict.fromkeys(cells, "numeric")
    spec = spec_of(**{"split": Split(0, 0), **changes})
    made = run(write_table(directory / "t.parquet", cells, kinds), spec, kinds)
    used = made.progress.history[0].learning_rate
    settled = replace(spec.optimizer, learning_rate=used)
    return report_of(made, replace(spec, optimizer=settled)), X, y


@pytest.mark.parametrize("scaler", ["standard", "none", "minmax"])
@pytest.mark.parametrize("bias", [True, False])
def test_the_gap_of_the_history_falls_as_forecast(tmp_path: Path, scaler: str, bias: bool) -> None:
    """`train_loss` of an epoch is that before its step: 1 % is left before step k + 1 where it is after step k."""
    told, X, y = report(
        tmp_path, scaler=scaler, network=NetworkSpec(bias=bias), epochs=60, optimizer=OptimizerSpec("sgd", "auto", 0.0)
    )
    Z = {"standard": (X - X.mean(axis=0)) / X.std(axis=0), "none": X}.get(
        scaler, (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0))
    )
    Z = np.column_stack([Z, np.ones(80)]) if bias else Z
    centred = y - y.mean()
    least = np.mean((Z @ np.linalg.lstsq(Z, centred, rcond=None)[0] - centred) ** 2)
    losses = np.array([epoch["train_loss"] for epoch in told["history"]])
    left = (losses - least) / (y.var() - least)
    run = told["curvature"]["forecast"]["run"]
    expected = int(np.argmax(left <= 0.01)) if (left <= 0.01).any() else None
    assert expected is None or run["epochs_to_1_percent"] == expected
    assert run["epochs"] == 60
    after = (told["metrics"]["train"]["mse"] - least) / (y.var() - least)
    assert run["share_left"] == pytest.approx(after, rel=1e-3, abs=1e-5)


def test_raw_curvature_and_forecast_are_those_of_the_columns_as_they_came(tmp_path: Path) -> None:
    told, X, y = report(tmp_path, network=NetworkSpec(), optimizer=OptimizerSpec("sgd", "auto", 0.0))
    Z = np.column_stack([X, np.ones(80)])
    values = np.linalg.eigvalsh(2 / 80 * Z.T @ Z)
    raw, foretold = told["curvature"]["raw"], told["curvature"]["forecast"]["raw"]
    assert raw["lambda_max"] == pytest.approx(values[-1], rel=1e-5)
    assert raw["lambda_min"] == pytest.approx(values[0], rel=1e-4)
    centred = y - y.mean()
    least = np.mean((Z @ np.linalg.lstsq(Z, centred, rcond=None)[0] - centred) ** 2)
    w = np.zeros(4)
    for _ in range(foretold["epochs_to_1_percent"]):
        left = (np.mean((Z @ w - centred) ** 2) - least) / (y.var() - least)
        assert left > 0.01 * (1 - 1e-3)
        w = w - foretold["best_learning_rate"] * 2 / 80 * Z.T @ (Z @ w - centred)
    assert (np.mean((Z @ w - centred) ** 2) - least) / (y.var() - least) <= 0.01 * (1 + 1e-3)


@pytest.mark.parametrize(
    "changes",
    [{"loss": "mae"}, {"network": NetworkSpec("mlp", (3,))}, {"task": "regression", "loss": "huber"}],
)
def test_other_losses_and_layers_have_none_and_the_reason(tmp_path: Path, changes: dict[str, Any]) -> None:
    told, _, _ = report(tmp_path, **changes)
    assert told["curvature"]["forecast"] is None
    assert "squared error" in told["curvature"]["forecast_left_out"]


@pytest.mark.parametrize(
    "changes",
    [{"batch_size": 8}, {"schedule": "cosine"}, {"optimizer": OptimizerSpec("sgd", 0.1, 0.0, l2=0.1)},
     {"optimizer": OptimizerSpec("adam", 0.1)}],
)  # fmt: skip
def test_a_run_that_is_no_plain_descent_is_not_forecast(tmp_path: Path, changes: dict[str, Any]) -> None:
    told, _, _ = report(tmp_path, **changes)
    assert told["curvature"]["forecast"]["run"] is None
    assert told["curvature"]["forecast"]["scaled"]["epochs_to_1_percent"] >= 1


@pytest.mark.parametrize("several", [True, False])
def test_weights_of_rows_and_several_targets_count_as_in_training(tmp_path: Path, several: bool) -> None:
    """The history's losses are those of weighted rows, and of several targets their sum in scaled units."""
    generator = np.random.default_rng(4)
    X = generator.normal(size=(90, 2)) * [1, 3] + [0, 5]
    Y = X @ [[1.0, -1.0], [0.3, 0.0]] + generator.normal(size=(90, 2))
    w = generator.uniform(0, 2, 90)
    targets = ("y", "z") if several else ("y",)
    cells = {
        "a": X[:, 0].tolist(),
        "b": X[:, 1].tolist(),
        "w": w.tolist(),
        "y": Y[:, 0].tolist(),
        "z": Y[:, 1].tolist(),
    }
    kinds: Any = dict.fromkeys(("a", "b", *targets), "numeric")
    every: Any = dict.fromkeys(cells, "numeric")
    choices: Any = {} if several else {"weight_column": "w"}
    spec = spec_of(
        split=Split(0, 0),
        target=targets if several else "y",
        epochs=40,
        optimizer=OptimizerSpec("sgd", 0.1, 0.0),
        **choices,
    )
    made = run(write_table(tmp_path / "t.parquet", cells, every), spec, kinds)
    told = report_of(made, spec)["curvature"]["forecast"]["run"]
    losses = np.array([ended.train_loss for ended in made.progress.history])
    counts = np.ones(90) if several else w / w.mean()
    Z = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(90)])
    goal = Y[:, : len(targets)]
    scaled = (goal - goal.mean(axis=0)) / goal.std(axis=0)
    root = np.sqrt(counts)[:, None]
    best = np.linalg.lstsq(Z * root, scaled * root, rcond=None)[0]
    least = np.sum(counts[:, None] * (Z @ best - scaled) ** 2) / 90
    first = np.sum(counts[:, None] * scaled**2) / 90
    assert losses[0] == pytest.approx(first, rel=1e-5)
    left = (losses - least) / (first - least)
    assert told["epochs_to_1_percent"] == int(np.argmax(left <= 0.01))
