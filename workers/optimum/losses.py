"""Convex losses of a row with their slopes and curvatures in the scores: what Newton's method reads.

Scores are (n, k): one column for a number or for the log-odds of the second class, else a column for each class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from service.domain.arrays import AnyArray, Floats
from service.domain.model.probabilities import class_probabilities


@dataclass(frozen=True, slots=True)
class Local:
    """At some scores: the `loss` (n,), its `slope` (n, k), and `curve(a, b)` (n,) for columns a ≤ b: not negative for
    a = b and not positive else; of several scores, those with any one of them sum to 0, as softmax has it, whose
    `probabilities` (k, n) are kept."""

    loss: Floats
    slope: Floats
    curve: Callable[[int, int], Floats]
    probabilities: Floats | None = None

    def curved(self, change: Floats) -> Floats:
        """(n, k): how the slope follows a small change (n, k) of the scores."""
        if self.probabilities is None:
            return self.curve(0, 0)[:, None] * change
        moved = self.probabilities * change.T
        found: Floats = (moved - self.probabilities * moved.sum(axis=0)).T
        return found


LocalLoss = Callable[[Floats, AnyArray], Local]


def squared(scores: Floats, target: AnyArray) -> Local:
    off = scores[:, 0] - target
    return Local(off**2, 2 * off[:, None], lambda a, b: np.full(len(off), 2.0))


def huber(scores: Floats, target: AnyArray) -> Local:
    """With a threshold of 1, as torch has it."""
    off = scores[:, 0] - target
    near = np.abs(off) <= 1
    loss = np.where(near, 0.5 * off**2, np.abs(off) - 0.5)
    return Local(loss, np.clip(off, -1, 1)[:, None], lambda a, b: near.astype(np.float64))


def cross_entropy(scores: Floats, target: AnyArray) -> Local:
    """Cross-entropy of one score, or of the softmax of several. Several are gone through class by class: sums over the
    few classes of a row at a time are slow."""
    if scores.shape[1] == 1:
        score = scores[:, 0]
        small = np.exp(-np.abs(score))
        second = np.where(score >= 0, 1.0, small) / (1 + small)
        loss = np.log1p(small) + np.maximum(np.where(target > 0, -score, score), 0)
        return Local(loss, (second - target)[:, None], lambda a, b: small / (1 + small) ** 2)
    rows, chosen = np.arange(len(target)), target.astype(np.int64)
    by_class = np.ascontiguousarray(scores.T)
    top = by_class.max(axis=0)
    probabilities = np.exp(by_class - top)
    total = probabilities.sum(axis=0)
    probabilities /= total
    slope = probabilities.T.copy()
    slope[rows, chosen] -= 1

    def curve(a: int, b: int) -> Floats:
        found: Floats = probabilities[a] * ((1.0 if a == b else 0.0) - probabilities[b])
        return found

    return Local(top + np.log(total) - by_class[chosen, rows], slope, curve, probabilities)


def pinball(quantile: float, factor: float, width: float) -> LocalLoss:
    """factor · max(q·r, (q - 1)·r) for r = target - score, rounded off within about `width` of its corner by a
    logistic (Fernandes, Guerre & Horta 2021): the least is then off by at most factor · width · ln 2. A width of 0
    gives the loss itself, which has no curvature."""

    def loss(scores: Floats, target: AnyArray) -> Local:
        short = target - scores[:, 0]
        if not width:
            exact = factor * np.maximum(quantile * short, (quantile - 1) * short)
            slope = factor * np.where(short > 0, -quantile, 1 - quantile)
            return Local(exact, slope[:, None], lambda a, b: np.zeros(len(short)))
        below = class_probabilities((-short / width)[:, None])[:, 1]
        value = factor * (quantile * short + width * np.logaddexp(0, -short / width))
        return Local(value, factor * (below - quantile)[:, None], lambda a, b: factor / width * below * (1 - below))

    return loss


def separable(loss: LocalLoss) -> bool:
    """Whether it may fall for ever: then it has no minimum (see `workers.optimum.separation`)."""
    return loss is cross_entropy


SMOOTH: Mapping[str, LocalLoss] = {"mse": squared, "huber": huber, "cross_entropy": cross_entropy}
PINBALLS: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "mae": lambda quantile: (0.5, 2.0),
    "quantile": lambda quantile: (quantile, 1.0),
}
"""The others: the level of a pinball, and what it is multiplied by."""


def loss_of(name: str, quantile: float, width: float = 0.0) -> LocalLoss:
    """The loss by the spec's name; `width` rounds off the corner of those that have one."""
    return SMOOTH[name] if name in SMOOTH else pinball(*PINBALLS[name](quantile), width)
