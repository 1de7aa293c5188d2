"""The way without Hessians against scikit-learn and statsmodels, on columns that are not made for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from service.domain.arrays import Floats
from service.domain.model.predictor import TargetScale
from tests.unit.workers.optimum.test_convex import (
    BINARY,
    THREE,
    column,
    rows_of,
    three_classes,
    transform_of,
    two_classes,
)
from workers.optimum.convex import convex
from workers.optimum.effort import Way
from workers.optimum.losses import loss_of
from workers.optimum.passes import Basis, Penalty, evaluate
from workers.optimum.truncated_newton import curvature

SIX = tuple("abcdef")


def certified(features: Floats, target: Any, classes: tuple[Any, ...], way: Way, l2: float = 0.0) -> dict[str, Any]:
    transform = transform_of(features)
    design = np.hstack([(features - transform.centre) / transform.scale, np.ones((len(features), 1))])
    learnt = np.zeros((design.shape[1], len(classes) if len(classes) > 2 else 1))
    scale = TargetScale()
    return convex(rows_of(design, target), "cross_entropy", learnt, True, l2, transform, scale, classes, way)


def awkward(rows: int = 6_000) -> tuple[Floats, Any]:
    """Six classes in a row, by columns with long tails, a column that is 1 in few rows, and two that are near alike."""
    draw = np.random.default_rng(0)
    features = np.column_stack(
        [draw.lognormal(0, 1.5, (rows, 3)), draw.uniform(size=(rows, 1)) < 0.003, draw.normal(size=(rows, 2))]
    )
    features[:, 5] = features[:, 4] + 0.01 * features[:, 5]
    score = np.log(features[:, 0]) + features[:, 3] + 0.5 * features[:, 4] + draw.logistic(size=rows)
    return features, np.digitize(score, np.quantile(score, np.arange(1, 6) / 6)).astype(float)


@pytest.mark.parametrize("l2", [0.0, 0.05])
def test_the_optimum_of_awkward_columns_is_that_of_scikit_learn(l2: float) -> None:
    features, target = awkward()
    found = certified(features, target, SIX, Way(whole=False, every=0), l2)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    strength = np.inf if not l2 else 1 / (l2 * len(target))
    fitted = LogisticRegression(C=strength, tol=1e-12, max_iter=1_000, solver="newton-cg").fit(scaled, target)
    log_loss = -fitted.predict_log_proba(scaled)[np.arange(len(target)), target.astype(int)].mean()
    assert found.optimum_loss == pytest.approx(log_loss + l2 / 2 * np.sum(fitted.coef_**2), rel=1e-10)
    for number, name in enumerate(SIX):
        slopes = fitted.coef_[number] / features.std(axis=0)
        assert column(found, "value", label=name)[1:] == pytest.approx(slopes, rel=1e-4, abs=1e-6)


def test_errors_are_left_out_where_there_is_no_room_and_the_note_says_what_to_do() -> None:
    features, target = awkward()
    found = certified(features, target, SIX, Way(whole=False, every=0))
    assert set(column(found, "standard_error")) == {None}
    assert "`exclude`" in found.note
    assert found.digits is None


@pytest.mark.parametrize("many", [False, True])
def test_errors_from_some_rows_are_near_those_of_all(many: bool) -> None:
    features, target = three_classes(40_000) if many else two_classes(40_000)
    found = certified(features, target, THREE if many else BINARY, Way(whole=False, every=5))
    assert "one row in 5" in found.note
    if many:
        whole = certified(features, target, THREE, Way(whole=False))
        expected = column(whole, "standard_error")  # held to statsmodels in test_convex
        assert whole.note is None
    else:
        fitted = sm.Logit(target, sm.add_constant(features)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
        expected = fitted.bse
        assert found.optimum_loss == pytest.approx(-fitted.llf / len(target), rel=1e-12)
        assert column(found, "value") == pytest.approx(fitted.params, rel=1e-7)
    errors = column(found, "standard_error")
    assert errors == pytest.approx(expected, rel=0.04)
    assert errors != pytest.approx(expected, rel=1e-6)  # they are from other rows


def test_some_rows_that_do_not_stand_for_all_give_no_errors() -> None:
    features, target = two_classes(20_000)
    rare = np.zeros((len(target), 1))
    rare[[1, 2, 3, 4, 6, 7]] = 1.0  # in none of the rows 0, 5, 10 ... of a piece
    found = certified(np.hstack([features, rare]), target, BINARY, Way(whole=False, every=5))
    assert set(column(found, "standard_error")) == {None}
    assert "no sample represents them" in found.note


def test_the_same_problem_has_the_same_answer_to_the_last_bit() -> None:
    features, target = awkward()
    way = Way(whole=False, every=2)
    assert certified(features, target, SIX, way) == certified(features, target, SIX, way)


@pytest.mark.parametrize(("name", "outputs"), [("cross_entropy", 1), ("cross_entropy", 4), ("huber", 1), ("mse", 1)])
def test_the_product_with_a_direction_is_that_of_the_hessian(name: str, outputs: int) -> None:
    draw = np.random.default_rng(3)
    design, target = draw.normal(size=(90, 5)), draw.integers(0, max(outputs, 2), 90).astype(float)
    rows = rows_of(design, target, draw.uniform(0, 2, 90))
    weights, direction = draw.normal(size=(2, 4, outputs))
    basis, penalty, loss = Basis(draw.normal(size=(5, 4)), True), Penalty(np.arange(5.0)), loss_of(name, 0.5)
    ahead, behind = (
        evaluate(rows, loss, penalty, weights + sign * 1e-5 * direction, basis, 0).gradient for sign in (1, -1)
    )
    product = curvature(rows, loss, penalty, weights, basis)(direction)
    assert product == pytest.approx((ahead - behind) / 2e-5, rel=1e-5, abs=1e-7)
