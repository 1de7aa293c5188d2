"""Each loss of the solvers against torch's autograd, and against what its record says of its curvature."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from service.domain.vocabulary.losses import LOSSES
from workers.optimum.losses import loss_of
from workers.training.engines.objectives import in_user_units, row_loss

ROWS, QUANTILE = 400, 0.3
CASES = [(name, outputs) for name, one in LOSSES.items() for outputs in ((1, 4) if one.is_for_classes else (1,))]


def drawn(name: str, outputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n, k) far and near, and targets (n,)."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(ROWS, outputs)) * draw.choice([0.1, 1.0, 5.0], (ROWS, 1))
    target = draw.integers(0, max(outputs, 2), ROWS) if LOSSES[name].is_for_classes else draw.normal(size=ROWS)
    return scores, target


def by_torch(name: str, scores: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The losses (n,), slopes (n, k) and Hessians (n, k, k) of the rows."""
    loss, known = row_loss(name, QUANTILE), torch.from_numpy(target)
    at = torch.from_numpy(scores).requires_grad_()
    wanted = known if LOSSES[name].is_for_classes else known[:, None]
    losses = loss(at, wanted)
    (slopes,) = torch.autograd.grad(losses.sum(), at, create_graph=LOSSES[name].is_smooth)
    hessians = np.zeros((*scores.shape, scores.shape[1]))
    if LOSSES[name].is_smooth:
        for place in range(scores.shape[1]):
            hessians[:, place] = torch.autograd.grad(slopes[:, place].sum(), at, retain_graph=True)[0].numpy()
    return losses.detach().numpy(), slopes.detach().numpy(), hessians


@pytest.mark.parametrize(("name", "outputs"), CASES)
def test_losses_slopes_and_curvatures_are_torchs(name: str, outputs: int) -> None:
    scores, target = drawn(name, outputs, 1)
    expected, slopes, hessians = by_torch(name, scores, target)
    found = loss_of(name, QUANTILE)(scores, target)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.slope, slopes, rtol=1e-9, atol=1e-12)
    for a in range(outputs):
        for b in range(a, outputs):
            np.testing.assert_allclose(found.curve(a, b), hessians[:, a, b], rtol=1e-9, atol=1e-12)
    change = np.random.default_rng(2).normal(size=scores.shape)
    np.testing.assert_allclose(found.curved(change), np.einsum("nij,nj->ni", hessians, change), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "outputs"), [case for case in CASES if LOSSES[case[0]].is_smooth])
def test_no_row_is_curved_more_than_the_record_says(name: str, outputs: int) -> None:
    """And where the loss bends most it nearly is, so that rates by it are no smaller than they must be."""
    scores, target = drawn(name, outputs, 3)
    near = scores * 1e-3 if outputs == 1 else np.where(np.arange(outputs) < 2, 0.0, -20.0) + scores * 1e-3
    for at, is_most in ((scores, False), (near if LOSSES[name].is_for_classes else target[:, None] + 1e-6, True)):
        hessians = by_torch(name, at, target)[2]
        in_one, in_all = float(hessians.diagonal(axis1=1, axis2=2).max()), float(np.linalg.eigvalsh(hessians).max())
        most, most_of_all = LOSSES[name].curvature, LOSSES[name].curvature_of_all
        assert most is not None
        assert most_of_all is not None
        assert in_one <= most * (1 + 1e-9)
        assert in_all <= most_of_all * (1 + 1e-9)
        if is_most:
            assert in_one > 0.99 * most
            assert in_all > 0.99 * most_of_all * (0.5 if LOSSES[name].is_for_classes and outputs == 1 else 1)


@pytest.mark.parametrize("name", [name for name, one in LOSSES.items() if not one.is_for_classes])
def test_a_loss_in_the_users_units_is_that_of_errors_in_these_units(name: str) -> None:
    """Of small errors: a threshold is in units of the scale, too."""
    errors = np.random.default_rng(4).normal(size=ROWS) * 1e-4
    scaled, own = (by_torch(name, np.zeros((ROWS, 1)), of)[0].mean() for of in (errors, errors * 7))
    assert in_user_units(name, scaled, 7.0) == pytest.approx(own, rel=1e-6)
