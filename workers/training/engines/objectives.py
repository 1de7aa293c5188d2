"""Losses as torch functions of scores (n, k) and targets: (n, k) numbers or (n,) classes. Each gives a row's loss (n,),
with several targets the sum over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from service.domain.model.magnitude import has_square
from service.domain.model.predictor import TargetScale
from service.domain.vocabulary.losses import LOSSES

TorchLoss = Callable[[Tensor, Tensor], Tensor]


def _mse(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.mse_loss(scores, targets, reduction="none").sum(dim=1)


def _mae(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.l1_loss(scores, targets, reduction="none").sum(dim=1)


def _huber(scores: Tensor, targets: Tensor) -> Tensor:
    return functional.huber_loss(scores, targets, reduction="none", delta=1.0).sum(dim=1)


def _cross_entropy(smoothing: float) -> TorchLoss:
    def loss(scores: Tensor, targets: Tensor) -> Tensor:
        if scores.shape[1] == 1:  # two classes need one score: the log-odds of the second
            second = targets.to(scores.dtype)
            if smoothing:
                second = second * (1 - smoothing) + smoothing / 2
            return functional.binary_cross_entropy_with_logits(scores[:, 0], second, reduction="none")
        return functional.cross_entropy(scores, targets, reduction="none", label_smoothing=smoothing)

    return loss


def _pinball(quantile: float) -> TorchLoss:
    """max(q·r, (q - 1)·r) for r = target - score: least at the q-quantile (Koenker & Bassett 1978)."""

    def loss(scores: Tensor, targets: Tensor) -> Tensor:
        short = targets - scores
        return torch.maximum(quantile * short, (quantile - 1) * short).sum(dim=1)

    return loss


ROW_LOSSES: dict[str, Callable[[float, float], TorchLoss]] = {
    "mse": lambda quantile, smoothing: _mse,
    "mae": lambda quantile, smoothing: _mae,
    "huber": lambda quantile, smoothing: _huber,
    "quantile": lambda quantile, smoothing: _pinball(quantile),
    "cross_entropy": lambda quantile, smoothing: _cross_entropy(smoothing),
}


def row_loss(name: str, quantile: float, label_smoothing: float = 0.0) -> TorchLoss:
    """The loss by its name; `quantile` and `label_smoothing` are for those that take one."""
    return ROW_LOSSES[name](quantile, label_smoothing)


def pooled_scores(scores: Tensor, is_classifier: bool) -> Tensor:
    """(n, k) of members' (members, n, k): `service.domain.model.probabilities.pooled_scores` in torch."""
    if not is_classifier:
        return scores.mean(dim=0)
    if scores.shape[2] == 1:
        return functional.logsigmoid(scores).logsumexp(dim=0) - functional.logsigmoid(-scores).logsumexp(dim=0)
    return functional.log_softmax(scores, dim=2).logsumexp(dim=0) - math.log(len(scores))


def loss_scale(scales: Sequence[TargetScale]) -> float:
    """What `in_user_units` goes by. The loss of several targets is the sum of theirs, which have no unit in common: it
    stays that of the scaled ones. So does that of a target whose squares are not in float64."""
    return scales[0].scale if len(scales) == 1 and has_square(scales[0].scale) else 1.0


def loss_units(scales: Sequence[TargetScale]) -> str:
    """The unit of the losses in words."""
    if len(scales) > 1:
        return "scaled, summed over the targets"
    return "target" if has_square(scales[0].scale) else "scaled"


def in_user_units(loss: str, value: float, scale: float) -> float:
    """A loss on a target that was divided by `scale`, as it is in the target's own units.

    Squares scale by the square; so does Huber, whose threshold of 1 is then `scale`. A scale whose squares are not in
    float64 leaves it scaled, as `loss_scale` says.
    """
    return value * scale ** LOSSES[loss].degree if has_square(scale) else value
