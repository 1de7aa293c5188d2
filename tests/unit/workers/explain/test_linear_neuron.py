"""The linear neuron that a network is held against, against scikit-learn on the same rows."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import HuberRegressor, Lasso, LinearRegression, LogisticRegression, QuantileRegressor, Ridge

from service.domain.arrays import Floats
from service.domain.cells.kinds import Kind
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import MEMORY, spec_of, write_table
from workers.explain import linear_neuron as module
from workers.explain.linear_neuron import linear_neuron
from workers.explain.verdict import row_losses
from workers.training.data.prepare import Prepared, prepare


def cells(rows: int, columns: int, seed: int = 0) -> tuple[Floats, Floats]:
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(rows, columns)) * 10.0 ** draw.integers(-3, 4, columns)
    features[:, 1] += features[:, 0] / np.std(features[:, 0]) * np.std(features[:, 1])
    scores = (features / features.std(axis=0)) @ draw.normal(size=columns)
    return features, scores + draw.standard_t(3, rows)


def best(tmp_path: Path, features: Floats, target: Any, spec: TrainingSpec) -> tuple[Predictor, Prepared]:
    kind: Kind = "numeric" if spec.task == "regression" else "categorical"
    table = {f"x{number}": features[:, number] for number in range(features.shape[1])}
    kinds: dict[str, Kind] = dict.fromkeys(table, "numeric")
    path = write_table(tmp_path / "t", {**table, "y": target}, {**kinds, "y": kind})
    prepared = prepare(path, spec, kinds, kind, 100, MEMORY)
    outputs = len(prepared.classes) if len(prepared.classes) > 2 else 1
    network = Network((features.shape[1], 3, outputs), bias=spec.network.bias)
    hidden = Predictor(
        spec.task, "y", prepared.transform, network, network.start(0), prepared.target_scales, prepared.classes
    )
    return linear_neuron(spec, prepared, hidden, lambda: None), prepared


def spec_for(task: str = "regression", **changes: Any) -> TrainingSpec:
    return spec_of(
        task=task,
        network=NetworkSpec("mlp", (3,)),
        **{"split": Split(0, 0), "optimizer": OptimizerSpec("adam"), **changes},
    )


@pytest.mark.parametrize("scaler", ["standard", "none"])
@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_with_squared_error_it_is_ridge_regression(tmp_path: Path, scaler: str, l2: float) -> None:
    features, target = cells(300, 5)
    spec = spec_for(scaler=scaler, optimizer=OptimizerSpec("adam", l2=l2))
    found, prepared = best(tmp_path, features, target, spec)
    inputs = prepared.train.inputs.astype(float)
    scaled = (target - target.mean()) / target.std()
    fitted = (
        Ridge(alpha=300 * l2 / 2, solver="svd").fit(inputs, scaled) if l2 else LinearRegression().fit(inputs, scaled)
    )
    said = fitted.predict(inputs) * target.std() + target.mean()
    assert found.scores(prepared.train.inputs) == pytest.approx(said, abs=1e-3 * target.std())
    assert (found.network.sizes, found.classes) == ((5, 1), ())


@pytest.mark.parametrize(
    ("loss", "fitted"),
    [
        ("mae", QuantileRegressor(quantile=0.5, alpha=0)),
        ("quantile", QuantileRegressor(quantile=0.8, alpha=0)),
        ("huber", HuberRegressor(epsilon=1.0, alpha=0)),
    ],
)
def test_with_other_losses_its_loss_is_the_least_there_is(tmp_path: Path, loss: str, fitted: Any) -> None:
    features, target = cells(300, 4)
    quantile = 0.8 if loss == "quantile" else 0.5
    found, prepared = best(tmp_path, features, target, spec_for(loss=loss, quantile=quantile))
    inputs = prepared.train.inputs.astype(float)
    other = fitted.fit(inputs, (target - target.mean()) / target.std())
    theirs = replace(found, parameters=np.array([*other.coef_, other.intercept_], dtype=np.float32))
    spec = spec_for(loss=loss, quantile=quantile)
    ours = row_losses(spec, found, prepared.train).mean()
    assert ours <= 1.002 * row_losses(spec, theirs, prepared.train).mean()


def test_l1_leaves_what_the_lasso_leaves(tmp_path: Path) -> None:
    features, target = cells(300, 5)
    found, prepared = best(tmp_path, features, target, spec_for(optimizer=OptimizerSpec("adam", l1=0.3)))
    scaled = (target - target.mean()) / target.std()
    inputs = prepared.train.inputs.astype(float)
    fitted = Lasso(alpha=0.15, tol=1e-10).fit(inputs, scaled)  # their objective is half of ours

    def objective(slopes: Floats, intercept: float) -> float:
        return float(np.mean((inputs @ slopes + intercept - scaled) ** 2) + 0.3 * np.abs(slopes).sum())

    ours = objective(found.parameters[:-1].astype(float), float(found.parameters[-1]))
    assert ours <= 1.002 * objective(fitted.coef_, fitted.intercept_)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("rows", [400, 30_000])
def test_with_classes_it_is_logistic_regression(tmp_path: Path, many: bool, rows: int) -> None:
    features, scores = cells(rows, 4)
    cuts = np.quantile(scores, [1 / 3, 2 / 3]) if many else [0.0]
    target = np.array(["a", "b", "c"])[np.searchsorted(cuts, scores)]
    found, prepared = best(tmp_path, features, target, spec_for("multiclass" if many else "binary"))
    inputs = prepared.train.inputs.astype(float)
    fitted = LogisticRegression(C=np.inf, tol=1e-8, max_iter=10_000).fit(inputs, target)
    assert found.scores(prepared.train.inputs) == pytest.approx(fitted.predict_proba(inputs), abs=2e-3)


def test_rows_count_by_their_weights(tmp_path: Path) -> None:
    features, scores = cells(400, 3)
    target = np.where(scores > 1, "rare", "usual")
    spec = spec_for("binary", class_weights="balanced")
    found, prepared = best(tmp_path, features, target, spec)
    inputs = prepared.train.inputs.astype(float)
    fitted = LogisticRegression(C=np.inf, tol=1e-8, max_iter=10_000, class_weight="balanced").fit(inputs, target)
    assert found.scores(prepared.train.inputs) == pytest.approx(fitted.predict_proba(inputs), abs=2e-3)


def test_too_many_weights_for_a_hessian_come_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    features, scores = cells(500, 4)
    target = np.array(["a", "b", "c"])[np.searchsorted(np.quantile(scores, [1 / 3, 2 / 3]), scores)]
    newton, prepared = best(tmp_path, features, target, spec_for("multiclass"))
    monkeypatch.setattr(module, "MOST_CURVED", 0)
    for whitened in (1_000, 0):
        monkeypatch.setattr(module, "MOST_WHITENED", whitened)
        found, _ = best(tmp_path, features, target, spec_for("multiclass"))
        at = [row_losses(spec_for("multiclass"), each, prepared.train).mean() for each in (newton, found)]
        assert at[1] == pytest.approx(at[0], rel=1e-3)


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_with_few_rows_it_may_be_shrunk_as_the_validation_rows_like_it(tmp_path: Path, task: str) -> None:
    """40 columns, 60 training rows: the optimum fits the noise. A network that stops early does not have to."""
    features, target = cells(120, 40)
    cell = target if task == "regression" else np.where(target > 0, "yes", "no")
    losses = []
    for stopping in (None, EarlyStopping()):
        spec = spec_for(task, split=Split(0.5, 0), early_stopping=stopping)
        found, prepared = best(tmp_path, features, cell, spec)
        losses.append(row_losses(spec, found, prepared.parts["validation"]).mean())
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[1] < 0.95 * losses[0]


def test_a_column_that_is_there_twice_does_not_matter(tmp_path: Path) -> None:
    features, target = cells(300, 3)
    twice, prepared = best(tmp_path, np.hstack([features, features]), target, spec_for())
    once, other = best(tmp_path, features, target, spec_for())
    said = twice.scores(prepared.train.inputs), once.scores(other.train.inputs)
    assert said[0] == pytest.approx(said[1], abs=1e-3 * target.std())


@pytest.mark.parametrize("loss", ["mse", "huber", "mae"])
def test_it_has_no_weights_for_the_bins_of_its_columns(tmp_path: Path, loss: str) -> None:
    features, target = cells(400, 3)
    features[:, 2] = features[:, 2] > 0  # two values: a column without bins between and after others
    target[features[:, 0] > np.median(features[:, 0])] *= 3
    bare, without = best(tmp_path, features, target, spec_for(loss=loss))
    spec = replace(spec_for(loss=loss), numeric_bins=4)
    found, prepared = best(tmp_path, features, target, spec)
    assert found.network.sizes == (3 + 2 * 4, 1)
    weights = found.network.tensors(found.parameters)["layers.0.weight"][0]
    own = bare.network.tensors(bare.parameters)["layers.0.weight"][0]
    assert np.array_equal(weights[~prepared.transform.is_bin], own)
    assert not weights[prepared.transform.is_bin].any()
    np.testing.assert_array_equal(found.scores(prepared.train.inputs), bare.scores(without.train.inputs))
