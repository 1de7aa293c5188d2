"""Each loss against scikit-learn's and scipy's definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import huber
from sklearn import metrics as sk

from workers.training.engines.objectives import row_loss

draw = np.random.default_rng(2)
SCORES, TARGETS = draw.normal(size=(40, 3)) * 2, draw.normal(size=(40, 3))
CODES = draw.integers(0, 3, 40)


def ours(name: str, scores: np.ndarray, targets: np.ndarray, quantile: float = 0.5) -> np.ndarray:
    return np.asarray(row_loss(name, quantile)(torch.from_numpy(scores), torch.from_numpy(targets)))


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_losses_of_numbers_are_scikit_learns_and_scipys(quantile: float) -> None:
    assert ours("mse", SCORES, TARGETS).mean() == pytest.approx(3 * sk.mean_squared_error(TARGETS, SCORES))
    assert ours("mae", SCORES, TARGETS).mean() == pytest.approx(3 * sk.mean_absolute_error(TARGETS, SCORES))
    pinball = 3 * sk.mean_pinball_loss(TARGETS, SCORES, alpha=quantile)
    assert ours("quantile", SCORES, TARGETS, quantile).mean() == pytest.approx(pinball)
    np.testing.assert_allclose(ours("huber", SCORES, TARGETS), huber(1.0, SCORES - TARGETS).sum(axis=1))


@pytest.mark.parametrize("smoothing", [0.1, 0.9])
def test_smoothed_cross_entropy_is_that_of_a_truth_spread_over_all_classes(smoothing: float) -> None:
    shares = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    truth = np.eye(3)[CODES] * (1 - smoothing) + smoothing / 3
    found = row_loss("cross_entropy", 0.5, smoothing)(torch.from_numpy(SCORES), torch.from_numpy(CODES))
    np.testing.assert_allclose(found, -(truth * np.log(shares)).sum(axis=1))
    second, two = 1 / (1 + np.exp(-SCORES[:, 0])), (CODES > 0).astype(np.int64)
    spread = two * (1 - smoothing) + smoothing / 2
    found = row_loss("cross_entropy", 0.5, smoothing)(torch.from_numpy(SCORES[:, :1]), torch.from_numpy(two))
    np.testing.assert_allclose(found, -(spread * np.log(second) + (1 - spread) * np.log(1 - second)))


def test_cross_entropy_is_scikit_learns_log_loss() -> None:
    shares = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    assert ours("cross_entropy", SCORES, CODES).mean() == pytest.approx(sk.log_loss(CODES, shares))
    two = CODES > 0
    second = 1 / (1 + np.exp(-SCORES[:, 0]))
    assert ours("cross_entropy", SCORES[:, :1], two.astype(np.int64)).mean() == pytest.approx(sk.log_loss(two, second))
