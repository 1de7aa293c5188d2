"""What rows count: class weights as scikit-learn has them, weight columns, and what they do to a fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.utils.class_weight import compute_class_weight

from service.domain.spec.training import OptimizerSpec, Split
from service.errors import WorkFailed
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.training.data.weights import class_weights, mean_one


def test_balanced_weights_are_scikit_learns() -> None:
    codes = np.array([0] * 5 + [1] * 2 + [2] * 9)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes)
    np.testing.assert_allclose(class_weights("balanced", np.bincount(codes), ("a", "b", "c")), expected)


def test_given_weights_go_by_the_class_as_json_names_it() -> None:
    assert class_weights({"true": 3.0}, np.array([1, 1]), (False, True)).tolist() == [1.0, 3.0]


def test_a_class_that_is_not_there_is_named() -> None:
    with pytest.raises(WorkFailed, match=r"'sestosa'.*did you mean 'setosa'"):
        class_weights({"sestosa": 2.0}, np.array([1, 1]), ("setosa", "virginica"))


def test_weights_have_a_mean_of_one() -> None:
    assert mean_one(np.array([1.0, 2.0, 9.0]), 4.0).tolist() == [0.25, 0.5, 2.25]
    assert mean_one(np.zeros(2), 0.0).tolist() == [0.0, 0.0]


def test_a_weighted_fit_is_the_weighted_least_squares_fit(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x, w = generator.normal(size=(80, 2)), generator.uniform(0, 5, 80)
    y = x @ [1.0, -2.0] + x[:, 0] ** 2 + generator.normal(size=80)
    cells = {"a": x[:, 0], "b": x[:, 1], "w": w, "y": y}
    path = write_table(
        tmp_path / "t", {name: list(values) for name, values in cells.items()}, dict.fromkeys(cells, "numeric")
    )
    spec = spec_of(
        features=("a", "b"),
        weight_column="w",
        split=Split(0, 0),
        optimizer=OptimizerSpec("sgd", momentum="auto"),
        epochs=200,
    )
    done = run(path, spec, {"a": "numeric", "b": "numeric", "y": "numeric"})
    expected = LinearRegression().fit(x, y, sample_weight=w).predict(x)
    np.testing.assert_allclose(done.predictor.scores(done.prepared.train.inputs), expected, rtol=1e-4, atol=1e-4)


def test_a_class_that_counts_more_is_predicted_more_often(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=300)
    y = np.where(x + generator.normal(size=300) > 1.2, "yes", "no").tolist()
    path = write_table(tmp_path / "t", {"x": list(x), "y": y}, {"x": "numeric", "y": "categorical"})
    said = []
    for weights in (None, "balanced"):
        spec = spec_of(task="binary", class_weights=weights, features=("x",), epochs=200)
        done = run(path, spec, {"x": "numeric", "y": "categorical"})
        said.append(int((done.predictor.scores(done.prepared.train.inputs)[:, 1] > 0.5).sum()))
    assert said[1] > said[0] * 1.5
