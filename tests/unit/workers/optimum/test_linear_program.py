"""The least absolute and pinball loss against statsmodels and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import QuantileRegressor

from service.domain.arrays import Floats
from service.domain.model.predictor import TargetScale
from tests.unit.workers.optimum.test_convex import column, rows_of, transform_of
from workers.optimum.linear_program import MOST_CELLS, absolute, too_many_cells

SCALE = TargetScale(10.0, 3.0)


def problem() -> tuple[Floats, Floats]:
    draw = np.random.default_rng(2)
    features = draw.normal(size=(150, 2)) * [1, 100] + [5, 0]
    return features, features @ [2, 0.03] + draw.standard_exponential(150)


def designed(features: Floats) -> Floats:
    transform = transform_of(features)
    return np.hstack([(features - transform.centre) / transform.scale, np.ones((len(features), 1))])


@pytest.mark.parametrize(("name", "quantile"), [("mae", 0.5), ("quantile", 0.5), ("quantile", 0.1), ("quantile", 0.9)])
def test_optimum_is_that_of_scikit_learn(name: str, quantile: float) -> None:
    features, target = problem()
    rows = rows_of(designed(features), (target - SCALE.centre) / SCALE.scale)
    learnt = np.array([[0.1], [0.2], [0.0]])
    found = absolute(rows, name, quantile, learnt, True, transform_of(features), SCALE)
    fitted = QuantileRegressor(quantile=quantile, alpha=0).fit(features, target)

    def loss(said: Floats) -> float:
        short = target - said
        return float(np.mean(np.maximum(quantile * short, (quantile - 1) * short))) * (2 if name == "mae" else 1)

    assert found.optimum_loss == pytest.approx(loss(fitted.predict(features)), rel=1e-8)
    assert column(found, "value") == pytest.approx([fitted.intercept_, *fitted.coef_], rel=1e-6)
    said = (designed(features) @ learnt)[:, 0] * SCALE.scale + SCALE.centre
    assert found.loss == pytest.approx(loss(said), rel=1e-10)
    assert found.gap == pytest.approx(found.loss - found.optimum_loss)


def test_rows_count_by_their_weights() -> None:
    features, target = problem()
    counts = np.random.default_rng(1).integers(0, 4, 150)
    scaled = (target - SCALE.centre) / SCALE.scale
    found = absolute(
        rows_of(designed(features), scaled, counts / counts.mean()), "mae", 0.5, np.zeros((3, 1)), True,
        transform_of(features), SCALE,
    )  # fmt: skip
    fitted = sm.QuantReg(np.repeat(target, counts), sm.add_constant(np.repeat(features, counts, axis=0))).fit(
        q=0.5, p_tol=1e-10, max_iter=10_000
    )
    assert column(found, "value") == pytest.approx(fitted.params, rel=1e-4)


def test_a_table_that_is_large_is_left_out_with_what_to_do() -> None:
    assert too_many_cells("mae", MOST_CELLS) is None
    reason = too_many_cells("mae", MOST_CELLS + 1)
    assert reason is not None
    assert "linear program" in reason
    assert "`exclude`" in reason
