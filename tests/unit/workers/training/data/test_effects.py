"""Effects of categories: what a mixed model's equations give, and nothing where categories differ by chance alone."""

from __future__ import annotations

import numpy as np
import pytest

from workers.training.data.cross_fitted import FOLDS
from workers.training.data.effects import Effects, EffectSample, GroupSums, backfit, effects_of, of_rows

GROUPS, ROWS, SPREAD, NOISE = 200, 1000, 3.0, 0.5


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def groups_of(draw: np.random.Generator) -> np.ndarray:
    """Uneven ones: some have many rows, some one."""
    return np.concatenate([np.arange(GROUPS), (GROUPS * draw.random(ROWS - GROUPS) ** 2).astype(int)])


def estimated(codes: np.ndarray, y: np.ndarray, folds: np.ndarray, weights: np.ndarray | None = None) -> Effects:
    sums = GroupSums.empty(GROUPS, 1)
    counts = np.ones(len(y)) if weights is None else weights
    for start in range(0, len(y), 300):
        rows = slice(start, start + 300)
        sums.add(codes[rows], folds[rows], y[rows, None], counts[rows])
    return effects_of(sums)


def one_way(seed: int = 0, spread: float = SPREAD) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = draws(seed)
    codes = groups_of(draw)
    y = 10 + spread * draw.normal(size=GROUPS)[codes] + NOISE * draw.normal(size=ROWS)
    return codes, y, draw.integers(0, FOLDS, ROWS)


def test_effects_are_the_best_predictions_of_a_mixed_model() -> None:
    """Henderson's equations with the ratio of the variances that made the data."""
    codes, y, folds = one_way()
    Z = np.eye(GROUPS)[codes]
    ratio = NOISE**2 / SPREAD**2
    expected = np.linalg.solve(Z.T @ Z + ratio * np.eye(GROUPS), Z.T @ (y - y.mean()))
    found = estimated(codes, y, folds)
    assert found.is_sure
    np.testing.assert_allclose(found.whole[:, 0], expected, rtol=0.02, atol=0.01)


def test_the_effects_of_a_fold_come_from_the_rows_of_the_others() -> None:
    codes, y, folds = one_way()
    found = estimated(codes, y, folds)
    changed = np.where(folds == 2, 1e3 * draws(9).normal(size=ROWS), y)
    # how much is shrunk is estimated from all rows: with the noise a thousand times larger, it is another amount
    one, two = found.folded[2, :, 0], estimated(codes, changed, folds).folded[2, :, 0]
    counts = np.bincount(codes[folds != 2], minlength=GROUPS)
    means = np.bincount(codes[folds != 2], y[folds != 2], GROUPS) / np.maximum(counts, 1)
    assert (one[counts == 0] == 0).all()
    assert np.corrcoef(one[counts > 0], means[counts > 0])[0, 1] > 0.999
    assert not np.allclose(one, two)
    often = counts > 20
    assert np.abs(one[often] - (means - y.mean())[often]).max() < 0.1


def test_categories_that_differ_by_chance_alone_have_no_effects() -> None:
    surely = [estimated(*one_way(seed, spread=0.0)).is_sure for seed in range(200)]
    assert sum(surely) <= 4  # a normal variable is three standard deviations above its mean once in 740 times
    assert all(estimated(*one_way(seed, spread=0.5)).is_sure for seed in range(20))


def test_categories_of_one_row_each_tell_nothing() -> None:
    y = draws().normal(size=GROUPS)
    assert not estimated(np.arange(GROUPS), y, np.zeros(GROUPS, int)).is_sure


def test_a_row_that_counts_for_nothing_changes_nothing() -> None:
    codes, y, folds = one_way()
    counts = np.where(draws(3).random(ROWS) < 0.2, 0.0, 1.0)
    some = counts > 0
    wild = np.where(some, y, 1e6)
    found, expected = estimated(codes, wild, folds, counts), estimated(codes[some], y[some], folds[some])
    np.testing.assert_allclose(found.whole, expected.whole, rtol=1e-9)
    np.testing.assert_allclose(found.folded, expected.folded, rtol=1e-9)


def test_categories_and_inputs_are_told_apart_where_they_go_together() -> None:
    """Large groups have large x: the groups' means alone would take what is x's."""
    draw = draws(5)
    codes, effects = draw.integers(0, GROUPS, 3000), SPREAD * draw.normal(size=GROUPS)
    x = draw.normal(size=3000) + effects[codes] / SPREAD
    others = draw.integers(0, 50, 3000)
    of_others = 2 * draw.normal(size=50)
    y = 4 + 2 * x + effects[codes] + of_others[others] + NOISE * draw.normal(size=3000)
    sample = EffectSample(x[:, None], y[:, None], np.ones(3000), [codes, others])
    found = backfit(sample, [GROUPS, 50])
    assert found.slopes[0, 0] == pytest.approx(2, abs=0.15)
    assert np.corrcoef(found.effects[0][:, 0], effects)[0, 1] > 0.98
    assert np.corrcoef(found.effects[1][:, 0], of_others)[0, 1] > 0.98


def test_rows_of_no_category_have_no_effect() -> None:
    assert of_rows(np.array([[1.0], [2.0]]), np.array([1, -1, 0])).ravel().tolist() == [2.0, 0.0, 1.0]
