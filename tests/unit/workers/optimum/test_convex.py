"""The optimum of cross-entropy and Huber against scikit-learn, statsmodels and scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

from service.domain.arrays import Floats
from service.domain.model.feature import Feature
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.report.neuron import Certificate
from workers.optimum.convex import convex
from workers.training.data.rows import DesignRows, Piece

BINARY, THREE = ("no", "yes"), ("a", "b", "c")


FEW_AND_MANY = [400, 12_000]  # many: the search begins at the learnt weights, with gradients alone


def transform_of(features: Floats) -> FittedTransform:
    columns = tuple(Feature(f"x{number}", "numeric", fill=0.0) for number in range(features.shape[1]))
    return FittedTransform(columns, np.arange(len(columns)), features.mean(axis=0), features.std(axis=0))


def rows_of(design: Floats, target: Any, counts: Floats | None = None, piece: int = 37) -> DesignRows:
    pieces: list[Piece] = [
        (design[at : at + piece], target[at : at + piece], None if counts is None else counts[at : at + piece])
        for at in range(0, len(design), piece)
    ]
    return DesignRows(lambda: pieces, len(design), design.shape[1])


def certified(
    features: Floats, target: Any, classes: tuple[Any, ...], learnt: Floats | None = None, l2: float = 0.0,
    bias: bool = True, counts: Floats | None = None, loss: str = "cross_entropy", scale: TargetScale | None = None,
) -> dict[str, Any]:  # fmt: skip
    transform = transform_of(features)
    design = (features - transform.centre) / transform.scale
    design = np.hstack([design, np.ones((len(design), int(bias)))])
    outputs = len(classes) if len(classes) > 2 else 1
    weights = np.zeros((design.shape[1], outputs)) if learnt is None else learnt
    rows = rows_of(design, target, counts)
    return convex(rows, loss, weights, bias, l2, transform, scale or TargetScale(), classes)


def two_classes(rows: int = 400, seed: int = 0) -> tuple[Floats, Any]:
    """Columns of very different size, two of them alike, and classes that overlap."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(rows, 4)) * [1, 1000, 0.01, 1] + [0, 5000, 0, 20]
    features[:, 3] += features[:, 0]
    odds = 0.8 * features[:, 0] - 0.001 * (features[:, 1] - 5000) + 60 * features[:, 2] - 0.5
    return features, (draw.uniform(size=rows) < 1 / (1 + np.exp(-odds))).astype(float)


def three_classes(rows: int = 500, seed: int = 1) -> tuple[Floats, Any]:
    draw = np.random.default_rng(seed)
    target = draw.integers(0, 3, rows)
    centres = np.array([[0, 0, 1], [1, 0, 0], [0, 1.5, 0.5]])
    return (draw.normal(size=(rows, 3)) + centres[target]) * [1, 50, 0.1], target.astype(float)


def started(width: int, outputs: int) -> Floats:
    """Weights that were learnt after a fashion."""
    return np.random.default_rng(9).normal(size=(width, outputs))


def column(found: Certificate, key: str, **where: Any) -> Floats:
    rows = [one for one in found.coefficients if all(getattr(one, name) == value for name, value in where.items())]
    return np.array([getattr(one, key) for one in rows])


@pytest.mark.parametrize("rows", FEW_AND_MANY)
def test_binary_optimum_and_errors_are_those_of_statsmodels(rows: int) -> None:
    features, target = two_classes(rows)
    found = certified(features, target, BINARY, started(5, 1))
    fitted = sm.Logit(target, sm.add_constant(features)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    assert [one.feature for one in found.coefficients] == ["intercept", "x0", "x1", "x2", "x3"]
    assert {one.label for one in found.coefficients} == {"yes"}
    assert column(found, "value") == pytest.approx(fitted.params, rel=1e-7)
    assert column(found, "standard_error") == pytest.approx(fitted.bse, rel=1e-6)
    low, high = fitted.conf_int().T
    assert column(found, "low") == pytest.approx(low, rel=1e-6)
    assert column(found, "high") == pytest.approx(high, rel=1e-6)
    assert found.optimum_loss == pytest.approx(-fitted.llf / len(target), rel=1e-12)
    assert (found.rank, found.collinear, found.separation) == (5, [], None)


@pytest.mark.parametrize("rows", FEW_AND_MANY)
def test_softmax_optimum_and_errors_are_those_of_statsmodels(rows: int) -> None:
    features, target = three_classes(rows)
    found = certified(features, target, THREE, started(4, 3))
    fitted = sm.MNLogit(target, sm.add_constant(features)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    against_first = np.hstack([np.zeros((4, 1)), np.asarray(fitted.params)])  # statsmodels holds class 0 at zero
    centred = against_first - against_first.mean(axis=1, keepdims=True)
    covariance = np.zeros((12, 12))
    covariance[4:, 4:] = np.asarray(fitted.cov_params())
    centring = np.kron(np.eye(3) - 1 / 3, np.eye(4))
    errors = np.sqrt(np.diag(centring @ covariance @ centring.T)).reshape(3, 4)
    for number, name in enumerate(THREE):
        assert column(found, "value", label=name) == pytest.approx(centred[:, number], rel=1e-6)
        assert column(found, "standard_error", label=name) == pytest.approx(errors[number], rel=1e-5)
    assert found.optimum_loss == pytest.approx(-fitted.llf / len(target), rel=1e-12)


@pytest.mark.parametrize("rows", FEW_AND_MANY)
@pytest.mark.parametrize("l2", [0.0, 0.03, 2.0])
@pytest.mark.parametrize("many", [False, True])
def test_optimum_is_that_of_scikit_learn(l2: float, many: bool, rows: int) -> None:
    features, target = three_classes(rows) if many else two_classes(rows)
    classes = THREE if many else BINARY
    found = certified(features, target, classes, l2=l2)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    strength = np.inf if not l2 else 1 / (l2 * len(target))  # theirs is the sum of losses plus ‖W‖²/(2C)
    fitted = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(scaled, target)
    slopes = fitted.coef_ / features.std(axis=0)
    for number in range(len(slopes)):
        name = THREE[number] if many else "yes"
        assert column(found, "value", label=name)[1:] == pytest.approx(slopes[number], rel=2e-4)
    log_loss = -fitted.predict_log_proba(scaled)[np.arange(len(target)), target.astype(int)].mean()
    objective = log_loss + l2 / 2 * np.sum(fitted.coef_**2)
    assert found.optimum_loss <= objective + 1e-12
    assert found.optimum_loss == pytest.approx(objective, rel=1e-7)
    assert (column(found, "standard_error") == None).all() == bool(l2)  # noqa: E711  # elementwise


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_gap_gradient_and_distances_are_those_of_the_learnt_weights(l2: float) -> None:
    features, target = two_classes()
    learnt = np.array([[0.3], [-0.4], [0.2], [0.1], [-0.2]])
    design = np.hstack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones((len(target), 1))])

    def objective(weights: Floats) -> float:
        odds = design @ weights
        return float(np.mean(np.logaddexp(0, odds) - target * odds) + l2 / 2 * np.sum(weights[:-1] ** 2))

    exact = optimize.minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    found = certified(features, target, BINARY, learnt, l2)
    assert found.loss == pytest.approx(objective(learnt[:, 0]), rel=1e-12)
    assert found.optimum_loss == pytest.approx(exact.fun, rel=1e-9)
    assert found.gap == pytest.approx(found.loss - found.optimum_loss, abs=1e-15)
    slope = optimize.approx_fprime(learnt[:, 0], objective, 1e-7)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(slope), rel=1e-5)
    assert found.weight_distance == pytest.approx(np.linalg.norm(learnt[:, 0] - exact.x), rel=1e-4)
    chances = [1 / (1 + np.exp(-design @ weights)) for weights in (learnt[:, 0], exact.x)]
    off = np.sqrt(2 * np.mean((chances[0] - chances[1]) ** 2))  # over both classes
    assert found.prediction_distance == pytest.approx(off, rel=1e-4)


def test_what_softmax_does_not_see_is_no_distance() -> None:
    features, target = three_classes()
    found = certified(features, target, THREE)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(scaled, target)
    best = np.vstack([fitted.coef_.T, fitted.intercept_])
    shifted = certified(features, target, THREE, best + np.array([[5.0], [-3.0], [0.5], [100.0]]))
    assert shifted.weight_distance < 1e-3
    assert shifted.prediction_distance < 1e-4
    assert shifted.gap == pytest.approx(0, abs=1e-9)
    assert found.gap > 0.01


@pytest.mark.parametrize("rows", FEW_AND_MANY)
def test_rows_count_by_their_weights_and_then_have_no_errors(rows: int) -> None:
    features, target = two_classes(rows)
    counts = np.random.default_rng(5).integers(0, 4, len(target)).astype(float)
    found = certified(features, target, BINARY, counts=counts / counts.mean())
    repeated = certified(np.repeat(features, counts.astype(int), axis=0), np.repeat(target, counts.astype(int)), BINARY)
    assert column(found, "value") == pytest.approx(column(repeated, "value"), rel=1e-8)
    assert found.optimum_loss == pytest.approx(repeated.optimum_loss, rel=1e-10)
    assert set(column(found, "standard_error")) == {None}


@pytest.mark.parametrize("rows", FEW_AND_MANY)
def test_collinear_columns_are_named_and_the_optimum_is_that_without_them(rows: int) -> None:
    features, target = two_classes(rows)
    twice = np.hstack([features, 3 * features[:, :1] - 7])
    found = certified(twice, target, BINARY)
    assert found.rank == 5
    (together,) = found.collinear
    assert set(together) >= {"x0", "x4"}
    assert "x1" not in together
    assert found.optimum_loss == pytest.approx(certified(features, target, BINARY).optimum_loss, rel=1e-10)


def test_without_a_bias_there_is_no_intercept_to_fit() -> None:
    features, target = two_classes()
    features = features - features.mean(axis=0)
    found = certified(features, target, BINARY, bias=False)
    fitted = sm.Logit(target, features).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    assert [one.feature for one in found.coefficients][-4:] == ["x0", "x1", "x2", "x3"]
    assert column(found, "value")[-4:] == pytest.approx(fitted.params, rel=1e-6)


def test_many_rows_are_led_by_some_of_them_to_the_same_optimum() -> None:
    features, target = two_classes(rows=40_000)
    found = certified(features, target, BINARY)
    fitted = sm.Logit(target, sm.add_constant(features)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    assert column(found, "value") == pytest.approx(fitted.params, rel=1e-6)
    assert column(found, "standard_error") == pytest.approx(fitted.bse, rel=1e-5)


def test_separated_classes_have_no_optimum_and_a_loss_of_zero() -> None:
    features, target = load_breast_cancer(return_X_y=True)  # 30 columns separate it
    found = certified(features, target.astype(float), ("malignant", "benign"))
    assert found.separation.complete
    assert found.separation.classes == ["malignant", "benign"]
    assert "can be driven to 0" in found.separation.detail
    assert (found.optimum_loss, found.gap) == (0.0, found.loss)
    assert found.coefficients == []
    assert found.weight_distance is None


def test_one_class_of_three_that_is_separated_is_named() -> None:
    features, target = load_iris(return_X_y=True)
    found = certified(features, target.astype(float), ("setosa", "versicolor", "virginica"))
    assert found.separation.classes == ["setosa"]
    assert not found.separation.complete
    # what is left to lose is between the other two
    rest = target > 0
    two = sm.Logit(target[rest] - 1, sm.add_constant(features[rest])).fit(disp=0, method="newton", maxiter=100)
    assert found.optimum_loss == pytest.approx(-two.llf / len(target), rel=1e-4)


@pytest.mark.parametrize("times", [1, 40])
def test_three_separated_classes_are_all_named(times: int) -> None:
    features, target = (np.concatenate([part] * times) for part in load_wine(return_X_y=True))
    found = certified(features, target.astype(float), THREE)
    assert (found.separation.complete, found.separation.classes) == (True, ["a", "b", "c"])


@pytest.mark.parametrize("times", [1, 1000])
def test_classes_that_touch_on_the_boundary_are_separated_too(times: int) -> None:
    """At x = 0 there are both classes; beyond it only one on each side (quasi-complete separation)."""
    x = np.tile([-2.0, -1, 0, 0, 0, 0, 1, 2], times)
    target = np.tile([0.0, 0, 0, 1, 0, 1, 1, 1], times)
    found = certified(x[:, None], target, BINARY)
    assert not found.separation.complete
    assert found.separation.pairs == (("no", "yes"),)
    assert "rows of both on the boundary" in found.separation.detail
    assert found.optimum_loss == pytest.approx(4 / 8 * np.log(2), rel=1e-6)  # the four rows at 0 say nothing


def test_a_penalty_gives_separated_classes_an_optimum() -> None:
    features, target = load_breast_cancer(return_X_y=True)
    found = certified(features, target.astype(float), ("malignant", "benign"), l2=0.01)
    assert found.separation is None
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    fitted = LogisticRegression(C=1 / (0.01 * len(target)), tol=1e-10, max_iter=10_000).fit(scaled, target)
    assert column(found, "value")[1:] == pytest.approx(fitted.coef_[0] / features.std(axis=0), rel=1e-4)


@pytest.mark.parametrize("rows", FEW_AND_MANY)
@pytest.mark.parametrize("l2", [0.0, 0.2])
def test_huber_optimum_is_that_of_scipy(l2: float, rows: int) -> None:
    draw = np.random.default_rng(3)
    features = draw.normal(size=(rows, 3)) * [1, 10, 100]
    noise = draw.standard_t(1.5, rows)
    scale = TargetScale(4.0, 2.5)
    target = features @ [1, 0.2, -0.01] + noise
    found = certified(features, target, (), loss="huber", l2=l2, scale=scale)
    design = np.hstack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones((rows, 1))])

    def objective(weights: Floats) -> float:
        off = np.abs(design @ weights - target)
        return float(np.mean(np.where(off <= 1, off**2 / 2, off - 0.5)) + l2 / 2 * np.sum(weights[:-1] ** 2))

    exact = optimize.minimize(objective, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert found.optimum_loss == pytest.approx(exact.fun * 2.5**2, rel=1e-9)
    slopes = exact.x[:-1] * 2.5 / features.std(axis=0)
    assert column(found, "value")[1:] == pytest.approx(slopes, rel=1e-4)
    assert set(column(found, "standard_error")) == {None}


@pytest.mark.parametrize("rows", FEW_AND_MANY)
def test_huber_where_no_row_is_far_off_is_least_squares(rows: int) -> None:
    """A good fit of every row is no separation: there is a minimum."""
    draw = np.random.default_rng(4)
    features = draw.normal(size=(rows, 3))
    target = features @ [0.5, -0.3, 0.2] + draw.uniform(-0.5, 0.5, rows)
    found = certified(features, target, (), loss="huber")
    fitted = sm.OLS(target, sm.add_constant(features)).fit()
    assert found.optimum_loss == pytest.approx(fitted.ssr / 2 / rows, rel=1e-10)
    assert column(found, "value") == pytest.approx(fitted.params, rel=1e-7)
