"""Losses as torch functions of scores (n, k) and targets (n,): each the mean over the batch."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def _mse(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.mse_loss(scores[:, 0], targets)


def _mae(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.l1_loss(scores[:, 0], targets)


def _huber(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.huber_loss(scores[:, 0], targets, delta=1.0)


def _cross_entropy(scores: Tensor, targets: Tensor) -> Tensor:
    if scores.shape[1] == 1:  # two classes need one score: the log-odds of the second
        return functional.binary_cross_entropy_with_logits(scores[:, 0], targets.to(scores.dtype))
    return functional.cross_entropy(scores, targets)


LOSSES: dict[str, Loss] = {"mse": _mse, "mae": _mae, "huber": _huber, "cross_entropy": _cross_entropy}


def in_user_units(loss: str, value: float, scale: float) -> float:
    """A loss on a target that was divided by `scale`, as it is in the target's own units.

    Squares scale by the square; so does Huber, whose threshold of 1 is then `scale`.
    """
    if loss == "mae":
        return value * scale
    if loss in ("mse", "huber"):
        return value * scale**2
    return value
