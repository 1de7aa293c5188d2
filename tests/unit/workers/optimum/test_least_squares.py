"""The exact optimum against textbook formulas and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Ridge

from service.domain.arrays import Floats
from service.domain.model.feature import Feature
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from workers.optimum.least_squares import directions, gentle_triangle, least_squares, triangle
from workers.training.data.rows import DesignRows

CENTRE, SCALE = np.asarray([3.0, -1.0, 50.0]), np.asarray([2.0, 0.5, 10.0])
TARGET = TargetScale(100.0, 20.0)


def problem(rows: int = 60, seed: int = 0) -> tuple[Floats, Floats]:
    """Raw features (rows, 3) and a target in the user's units."""
    draw = np.random.default_rng(seed)
    features = CENTRE + SCALE * draw.standard_normal((rows, 3))
    return features, 7 + features @ np.asarray([1.5, -4.0, 0.3]) + draw.standard_normal(rows)


def transform(width: int = 3) -> FittedTransform:
    features = tuple(Feature(f"x{number}", "numeric", fill=0.0) for number in range(width))
    return FittedTransform(features, np.arange(width), CENTRE[:width], SCALE[:width])


def scaled(features: Floats, target: Floats) -> tuple[Floats, Floats]:
    design = np.hstack(
        [(features - CENTRE[: features.shape[1]]) / SCALE[: features.shape[1]], np.ones((len(features), 1))]
    )
    return design, (target - TARGET.centre) / TARGET.scale


def certified(features: Floats, target: Floats, learnt: Floats | None = None, l2: float = 0.0) -> dict[str, Any]:
    design, goal = scaled(features, target)
    pieces = [(design[start : start + 17], goal[start : start + 17], None) for start in range(0, len(design), 17)]
    weights = np.zeros(design.shape[1]) if learnt is None else learnt
    rows = DesignRows(lambda: pieces, len(design), design.shape[1])
    return least_squares(triangle(rows), weights, True, l2, transform(features.shape[1]), TARGET)


def values(found: dict[str, Any], key: str) -> list[float]:
    return [getattr(item, key) for item in found.coefficients]


def test_optimum_and_errors_are_those_of_ordinary_least_squares() -> None:
    features, target = problem()
    found = certified(features, target)
    design = np.hstack([np.ones((60, 1)), features])
    inverse = np.linalg.inv(design.T @ design)
    expected = inverse @ design.T @ target
    residual = target - design @ expected
    variance = residual @ residual / (60 - 4)
    errors = np.sqrt(variance * np.diag(inverse))
    assert [item.feature for item in found.coefficients] == ["intercept", "x0", "x1", "x2"]
    assert values(found, "value") == pytest.approx(expected, rel=1e-9)
    assert values(found, "standard_error") == pytest.approx(errors, rel=1e-9)
    reach = stats.t.ppf(0.975, 56) * errors
    assert values(found, "low") == pytest.approx(expected - reach, rel=1e-9)
    assert values(found, "high") == pytest.approx(expected + reach, rel=1e-9)
    assert found.residual_standard_deviation == pytest.approx(np.sqrt(variance))
    assert found.optimum_loss == pytest.approx(np.mean(residual**2))
    assert (found.rank, found.collinear) == (4, [])


def test_gap_gradient_and_distances_are_those_of_the_learnt_weights() -> None:
    features, target = problem()
    design, goal = scaled(features, target)
    learnt = np.asarray([0.1, -0.2, 0.3, 0.05])
    found = certified(features, target, learnt)
    best = np.linalg.lstsq(design, goal, rcond=None)[0]
    said = design @ learnt * TARGET.scale + TARGET.centre
    assert found.loss == pytest.approx(np.mean((said - target) ** 2))
    assert found.gap == pytest.approx(found.loss - found.optimum_loss)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(2 / 60 * design.T @ (design @ learnt - goal)))
    assert found.weight_distance == pytest.approx(np.linalg.norm(learnt - best))
    off = (design @ (learnt - best)) * TARGET.scale
    assert found.prediction_distance == pytest.approx(np.sqrt(np.mean(off**2)))
    at_best = certified(features, target, best)
    assert at_best.gap == pytest.approx(0, abs=1e-9)
    assert at_best.gradient_norm == pytest.approx(0, abs=1e-9)


def test_penalised_optimum_is_ridge_regression_without_errors() -> None:
    features, target = problem()
    design, goal = scaled(features, target)
    ridge = Ridge(alpha=60 * 0.4 / 2).fit(design[:, :-1], goal)  # ‖Zw - t‖² + α‖w‖² is n times ours
    found = certified(features, target, l2=0.4)
    slopes = ridge.coef_ * TARGET.scale / SCALE
    assert values(found, "value")[1:] == pytest.approx(slopes, rel=1e-9)
    assert values(found, "standard_error") == [None] * 4
    at_best = certified(features, target, np.append(ridge.coef_, ridge.intercept_), l2=0.4)
    assert at_best.gap == pytest.approx(0, abs=1e-9)
    assert at_best.gradient_norm == pytest.approx(0, abs=1e-9)


def test_collinear_columns_are_named_and_the_optimum_is_still_exact() -> None:
    features, target = problem()
    features[:, 2] = 4 * features[:, 0] + 1
    found = certified(features, target)
    design, goal = scaled(features, target)
    best = np.linalg.lstsq(design, goal, rcond=None)[0]
    assert found.rank == 3
    (together,) = found.collinear
    assert set(together) >= {"x0", "x2"}
    assert "x1" not in together
    assert found.optimum_loss == pytest.approx(np.mean((design @ best - goal) ** 2) * TARGET.scale**2)


def test_collinearities_are_told_apart() -> None:
    """Indicators of two columns' categories, and a column twice: three groups that share no column."""
    draw = np.random.default_rng(3)
    city, street = np.eye(3)[draw.integers(3, size=300)], np.eye(7)[draw.integers(7, size=300)]
    number = draw.normal(size=(300, 1))
    features = np.hstack([city, number, street, 2 - 5 * number, draw.normal(size=(300, 1))])
    design = np.hstack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones((300, 1))])
    found = directions(np.linalg.qr(design, mode="r"), 300)
    assert found.rank == 14 - 3
    names = [*(f"x{place}" for place in range(13)), "intercept"]
    assert found.collinear(names) == [["x0", "x1", "x2"], ["x3", "x11"], [f"x{place}" for place in range(4, 11)]]


def test_fewer_rows_than_columns_fit_exactly_and_have_no_errors() -> None:
    features, target = problem(rows=3)
    found = certified(features, target)
    assert found.optimum_loss == pytest.approx(0, abs=1e-9)
    assert found.residual_standard_deviation is None
    assert values(found, "standard_error") == [None] * 4


def test_digits_fall_with_the_condition_number() -> None:
    features, target = problem()
    easy = certified(features, target)
    features[:, 2] = 4 * features[:, 0] + 1e-7 * features[:, 2]
    hard = certified(features, target)
    assert hard.condition_number > 1e6 > 1e2 > easy.condition_number
    assert hard.digits <= 9 < easy.digits


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_the_triangle_of_products_gives_the_same_optimum_for_each_of_several_targets(l2: float) -> None:
    features, target = problem(500)
    design, goal = scaled(features, target)
    both = np.column_stack([goal, goal**2])
    counts = np.random.default_rng(2).uniform(0, 2, 500)
    rows = DesignRows(lambda: [(design, both, counts)], 500, 4)
    quick = gentle_triangle(rows)
    assert quick is not None
    for column in (0, 1):
        found = least_squares(quick, np.zeros(4), True, l2, transform(), TARGET, column)
        ridge = Ridge(alpha=500 * l2 / 2, solver="cholesky", tol=1e-12).fit(design[:, :3], both[:, column], counts)
        assert values(found, "value")[1:] == pytest.approx(ridge.coef_ * TARGET.scale / SCALE, rel=1e-8)
        assert found.digits <= least_squares(triangle(rows), np.zeros(4), True, l2, transform(), TARGET).digits


def test_columns_near_to_collinear_and_targets_fitted_to_the_last_digit_have_no_triangle_of_products() -> None:
    features, target = problem(500)
    design, goal = scaled(features, target)
    alike = np.column_stack([design, design[:, 0] + 1e-6 * design[:, 1] ** 2])
    for columns, targets in ((alike, goal), (design, design @ [1.0, 2, 3, 4])):
        rows = DesignRows(lambda pieces=[(columns, targets, None)]: pieces, 500, columns.shape[1])  # type: ignore[misc]
        assert gentle_triangle(rows) is None
