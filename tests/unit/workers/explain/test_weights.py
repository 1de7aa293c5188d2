"""What was learnt, beside the optimum: scikit-learn's and numpy's numbers on the user's own columns."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split
from tests.unit.workers.explain.reports import report_of
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.certificate import Trained, certify


def columns(seed: int = 0, rows: int = 200) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(rows, 2)) * [1, 40] + [5, 900]


def reported(directory: Path, X: np.ndarray, target: Any, task: str, **changes: Any) -> tuple[dict[str, Any], Any]:
    """The report with its certificate, as a worker makes it, and the run."""
    targets = target if isinstance(target, dict) else {"y": target}
    kind: Any = "numeric" if task == "regression" else "categorical"
    cells = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), **{name: list(y) for name, y in targets.items()}}
    kinds: Any = {"a": "numeric", "b": "numeric", **dict.fromkeys(targets, kind)}
    names = tuple(targets) if len(targets) > 1 else "y"
    spec = spec_of(task=task, **{"split": Split(0, 0), "epochs": 30, **changes, "target": names})
    path = write_table(directory / "t.parquet", cells, kinds)
    made = run(path, spec, kinds)
    features: Any = {"a": "numeric", "b": "numeric"}
    certified = certify(
        Trained(lambda: contextlib.nullcontext(path), spec, features, made.prepared, made.predictor, 30, 2**30),
        lambda: None,
    )
    return report_of(made, spec, certified), made


def inputs_of(X: np.ndarray) -> Any:
    """What the network reads: all rows train, and the scaler is standard."""
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)


def learnt_line(made: Any, X: np.ndarray, output: int | None = None) -> np.ndarray:
    """(3,) intercept and slopes of the model's own predictions, by least squares through them."""
    scores = made.predictor.scores(inputs_of(X))
    scores = scores if output is None else scores[:, output]
    line: np.ndarray = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), scores, rcond=None)[0]
    return line


def test_learnt_is_what_predicts_and_the_optimum_is_scikit_learns(tmp_path: Path) -> None:
    X = columns()
    y = 3 * X[:, 0] - 0.1 * X[:, 1] + np.random.default_rng(1).normal(size=len(X))
    report, made = reported(tmp_path, X, y, "regression", optimizer=OptimizerSpec("sgd", 0.05, 0.0))
    best = LinearRegression().fit(X, y)
    listed = report["weights"]
    assert [one["feature"] for one in listed] == ["intercept", "a", "b"]
    assert [one["optimum"] for one in listed] == pytest.approx([best.intercept_, *best.coef_], rel=1e-8)
    assert [one["learnt"] for one in listed] == pytest.approx(learnt_line(made, X).tolist(), rel=1e-4)
    for one in listed:
        assert one["difference"] == one["learnt"] - one["optimum"]
        assert abs(one["difference"]) > 1e-3 * abs(one["optimum"])  # thirty small steps are not enough to arrive
    assert [one["step"] for one in listed] == [None, *(pytest.approx(step) for step in X.std(axis=0))]


def test_of_clipped_columns_there_are_no_coefficients_and_weights_are_shown_as_they_are(tmp_path: Path) -> None:
    X = columns()
    report, made = reported(
        tmp_path, X, X[:, 0], "regression", scaler="robust_clip", optimizer=OptimizerSpec("sgd", 0.05)
    )
    assert report["weights"] is None
    assert report["curvature"]["raw"] is None
    course = report["weights_by_epoch"]
    assert course["units"] == "weights in scaled units"
    assert [one["name"] for one in course["weights"]] == ["y ← a", "y ← b", "y bias"]
    assert [one["values"][-1] for one in course["weights"]] == made.predictor.parameters.tolist()


def test_of_several_targets_each_has_its_own(tmp_path: Path) -> None:
    X = columns()
    draw = np.random.default_rng(2)
    targets = {"y": X[:, 0] + draw.normal(size=len(X)), "z": X[:, 1] / 7 + draw.normal(size=len(X))}
    report, made = reported(tmp_path, X, targets, "regression", optimizer=OptimizerSpec("sgd", 0.05, 0.0))
    assert report["weights"] is None
    for output, (name, y) in enumerate(targets.items()):
        best = LinearRegression().fit(X, y)
        listed = report["by_target"][name]["weights"]
        assert [one["optimum"] for one in listed] == pytest.approx([best.intercept_, *best.coef_], rel=1e-6)
        assert [one["learnt"] for one in listed] == pytest.approx(learnt_line(made, X, output).tolist(), rel=1e-3)
    assert {one["name"] for one in report["weights_by_epoch"]["weights"]} == {
        f"{target}: {feature}" for target in targets for feature in ("intercept", "a", "b")
    }


@pytest.mark.parametrize("names", [["no", "yes"], ["a", "b", "c"]])
def test_of_classes_they_are_log_odds(tmp_path: Path, names: list[str]) -> None:
    X = columns()
    noisy = (X[:, 0] - 5) + (X[:, 1] - 900) / 40 + np.random.default_rng(3).normal(size=len(X))
    places = np.argsort(np.argsort(noisy)) * len(names) // len(noisy)
    task = "binary" if len(names) == 2 else "multiclass"
    report, made = reported(
        tmp_path, X, [names[place] for place in places], task, optimizer=OptimizerSpec("sgd", 0.5, 0.0)
    )
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    best = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(scaled, places)
    slopes = best.coef_ / X.std(axis=0)
    intercepts = best.intercept_ - slopes @ X.mean(axis=0)
    expected = np.column_stack([intercepts, slopes])
    found = np.array([one["optimum"] for one in report["weights"]]).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    learnt = np.array([one["learnt"] for one in report["weights"]]).reshape(expected.shape)
    scores = learnt[:, :1] + learnt[:, 1:] @ X.T
    told = made.predictor.scores(inputs_of(X))
    if len(names) == 2:
        np.testing.assert_allclose(1 / (1 + np.exp(-scores[0])), told[:, 1], atol=1e-5)
    else:
        shares = np.exp(scores - scores.max(axis=0))
        np.testing.assert_allclose((shares / shares.sum(axis=0)).T, told, atol=1e-5)
        assert np.abs(learnt.sum(axis=0)).max() < 1e-3 * np.abs(learnt).max()


def test_each_epochs_weights_are_those_of_a_training_that_ends_there(tmp_path: Path) -> None:
    X = columns()
    y = 3 * X[:, 0] - 0.1 * X[:, 1]
    report, _ = reported(tmp_path, X, y, "regression", optimizer=OptimizerSpec("sgd", 0.05, 0.0), epochs=9)
    told = report["weights_by_epoch"]
    assert told["epochs"] == list(range(10))
    for epochs in (1, 4, 9):
        (tmp_path / str(epochs)).mkdir()
        short, _ = reported(
            tmp_path / str(epochs), X, y, "regression", optimizer=OptimizerSpec("sgd", 0.05, 0.0), epochs=epochs
        )
        for one, course in zip(short["weights"], told["weights"], strict=True):
            assert (course["name"], course["optimum"]) == (one["feature"], one["optimum"])
            assert course["values"][epochs] == one["learnt"]
    assert [course["values"][0] for course in told["weights"]] == pytest.approx([y.mean(), 0, 0])  # zeros, scaled


def test_a_small_network_has_its_own_weights_by_name(tmp_path: Path) -> None:
    X = columns()
    report, made = reported(
        tmp_path, X, X[:, 0] ** 2, "regression", network=NetworkSpec("mlp", (2,)), epochs=5,
        optimizer=OptimizerSpec("adam", 0.01),
    )  # fmt: skip
    told = report["weights_by_epoch"]
    tensors = made.predictor.network.tensors(made.progress.state.parameters)
    last = {one["name"]: one["values"][-1] for one in told["weights"]}
    assert last["hidden 1.2 ← b"] == tensors["layers.0.weight"][1, 1]
    assert last["hidden 1.1 bias"] == tensors["layers.0.bias"][0]
    assert last["y ← hidden 1.2"] == tensors["layers.1.weight"][0, 1]
    assert last["y bias"] == tensors["layers.1.bias"][0]
    assert len(last) == 9
    assert report["weights"] is None
    first = made.predictor.network.start(0)
    assert [one["values"][0] for one in told["weights"]] == first.tolist()


def test_members_have_their_weights_by_number(tmp_path: Path) -> None:
    X = columns()
    report, made = reported(
        tmp_path, X, X[:, 0] ** 2, "regression", network=NetworkSpec("mlp", (2,)), members=2, epochs=5,
        optimizer=OptimizerSpec("adam", 0.01),
    )  # fmt: skip
    tensors = made.predictor.network.tensors(made.progress.state.parameters)
    last = {one["name"]: one["values"][-1] for one in report["weights_by_epoch"]["weights"]}
    assert last["member 1: hidden 1.2 bias"] == tensors["layers.0.bias"][0, 1]
    assert last["member 2: hidden 1.2 ← a"] == tensors["layers.0.weight"][1, 1, 0]
    assert last["member 2: y ← hidden 1.2"] == tensors["layers.1.weight"][1, 0, 1]
    assert len(last) == 18


def test_more_than_twenty_weights_are_not_followed(tmp_path: Path) -> None:
    X = columns()
    for width, followed in ((4, True), (5, False)):  # (2 + 1) · width + width + 1 weights: 17 and 21
        (tmp_path / str(width)).mkdir()
        report, _ = reported(
            tmp_path / str(width), X, X[:, 0], "regression", network=NetworkSpec("mlp", (width,)), epochs=2,
            optimizer=OptimizerSpec("adam", 0.01),
        )  # fmt: skip
        assert (report["weights_by_epoch"] is not None) == followed


def test_of_many_epochs_a_bounded_number_is_kept(tmp_path: Path) -> None:
    X = columns(rows=20)
    report, made = reported(tmp_path, X, X[:, 0], "regression", epochs=1001, optimizer=OptimizerSpec("sgd", 0.01, 0.0))
    kept = report["weights_by_epoch"]["epochs"]
    assert kept[:128] == list(range(128))
    assert kept[128:130] == [128, 130]
    assert kept[-2:] == [1000, 1001]
    assert len(kept) < 128 + 3 * 64 + 2
    assert len(made.progress.history) == 1001


def test_without_a_certificate_the_learnt_ones_stand_alone(tmp_path: Path) -> None:
    X = columns()
    report, _ = reported(tmp_path, X, X[:, 0], "regression", optimizer=OptimizerSpec("sgd", 0.05, 0.0, l1=0.01))
    assert report["certificate"] is None
    assert all(one["optimum"] is one["difference"] is one["low"] is None for one in report["weights"])
    assert all(np.isfinite(one["learnt"]) for one in report["weights"])


def test_columns_that_are_the_same_twice_have_one_optimum_of_many(tmp_path: Path) -> None:
    """The optimum told is that of least norm; what is learnt from zeros is as near to it as descent has come."""
    X = columns()
    X[:, 1] = X[:, 0]
    report, _ = reported(tmp_path, X, 2 * X[:, 0], "regression", epochs=400, optimizer=OptimizerSpec("sgd", 0.2, 0.0))
    assert report["certificate"]["collinear"] == [["a", "b"]]
    for one in report["weights"][1:]:
        assert one["optimum"] == pytest.approx(1)
        assert one["learnt"] == pytest.approx(1, rel=1e-3)


def test_the_condition_number_of_the_design_is_the_root_of_that_of_the_loss(tmp_path: Path) -> None:
    X = columns()
    report, made = reported(tmp_path, X, X[:, 0], "regression")
    Z = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(len(X))])
    assert report["certificate"]["condition_number"] == pytest.approx(np.linalg.cond(Z), rel=1e-8)
    assert np.linalg.cond(2 / len(Z) * Z.T @ Z) == pytest.approx(np.linalg.cond(Z) ** 2)
    assert replace(made.prepared).transform.n_outputs == 2
