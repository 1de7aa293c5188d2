"""One pass over the rows: the loss of linear scores at some weights, its gradient, and its Hessian where one is wanted.

Weights may be looked for in a basis of the columns' space. The Hessian may be taken from every n-th row only (Byrd et
al. 2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Floats
from workers.optimum.losses import Local, LocalLoss
from workers.training.data.rows import DesignRows

BLOCK = 4096  # rows whose weighed copy stays near the processor


@dataclass(frozen=True, slots=True)
class Penalty:
    """Σ l2/2·w² + Σ l1·(√(w² + ε²) - ε), each figure (w,) for the weights of one output: 0 for a bias. ε rounds off the
    corner of l1."""

    l2: Floats
    l1: Floats | None = None
    epsilon: Floats | None = None

    @property
    def is_none(self) -> bool:
        return not self.l2.any() and self.l1 is None

    def of(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """Its value at weights (w, k), its gradient (w, k) and its curvature (w, k)."""
        l2 = self.l2[:, None]
        value, slope, curve = l2 / 2 * weights**2, l2 * weights, np.broadcast_to(l2, weights.shape)
        if self.l1 is not None and self.epsilon is not None:
            l1, epsilon = self.l1[:, None], self.epsilon[:, None]
            root = np.sqrt(weights**2 + epsilon**2)
            value = value + l1 * (root - epsilon)
            slope, curve = slope + l1 * weights / root, curve + l1 * epsilon**2 / root**3
        return float(value.sum()), slope, curve


@dataclass(frozen=True, slots=True)
class Basis:
    """`matrix` (w, r) makes weights (w, k) of what is searched for (r, k). `gentle`: the columns are so far from
    collinear that their own Hessian can be turned into the basis; else each row is, which keeps more digits."""

    matrix: Floats
    gentle: bool


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """Where a search stands: `weights` (r, k) in the basis, the `loss` there with penalties, its `gradient` (r, k)
    and `hessian` (k·r, k·r), and the greatest loss of a single row that counts."""

    weights: Floats
    loss: float
    gradient: Floats
    hessian: Floats
    worst: float


def evaluate(
    rows: DesignRows, loss: LocalLoss, penalty: Penalty, weights: Floats, basis: Basis | None, every: int = 1
) -> SearchPoint:
    """At `weights` (r, k), which are (w, k) without a basis; the Hessian from every n-th row, and left out for 0."""
    mapped = weights if basis is None else basis.matrix @ weights
    total, worst = 0.0, -math.inf
    gradient = np.zeros_like(mapped)
    curved = _Curved(len(weights), weights.shape[1], basis, every)
    for design, target, counts in rows.pieces():
        local = loss(design @ mapped, target)
        total += float((local.loss if counts is None else counts * local.loss).sum())
        counting = local.loss if counts is None else local.loss[counts > 0]
        worst = max(worst, float(counting.max(initial=-math.inf)))
        gradient += design.T @ (local.slope if counts is None else counts[:, None] * local.slope)
        if every:
            curved.add(design, local, counts)
    added, slope, curves = penalty.of(mapped)
    gradient = gradient / rows.count + slope
    return SearchPoint(
        weights,
        total / rows.count + added,
        gradient if basis is None else basis.matrix.T @ gradient,
        curved.hessian(curves) if every else np.zeros((0, 0)),
        worst,
    )


class _Curved:
    """Gathers a Hessian of `outputs` times `size` weights. Of several scores, only the blocks of two different ones are
    gathered: those with any one sum to 0 (see `Local`)."""

    def __init__(self, size: int, outputs: int, basis: Basis | None, every: int) -> None:
        self._outputs, self._basis, self._every = outputs, basis, every
        pairs = [(a, b) for a in range(outputs) for b in range(a + 1, outputs)] or [(0, 0)]
        width = len(basis.matrix) if basis is not None and basis.gentle else size
        self._blocks = {pair: np.zeros((width, width)) for pair in pairs} if every else {}
        self._sampled = 0

    def add(self, design: Floats, local: Local, counts: Floats | None) -> None:
        some = design[:: self._every]
        self._sampled += len(some)
        if self._basis is not None and not self._basis.gentle:
            some = some @ self._basis.matrix
        weighed = np.empty((min(BLOCK, len(some)), some.shape[1]))
        for (a, b), block in self._blocks.items():
            curve = np.abs(local.curve(a, b)[:: self._every])
            root = np.sqrt(curve if counts is None else counts[:: self._every] * curve)[:, None]
            for start in range(0, len(some), BLOCK):
                part = some[start : start + BLOCK]
                product = np.multiply(part, root[start : start + BLOCK], out=weighed[: len(part)])
                block += product.T @ product  # of one array with itself: half the work

    def hessian(self, curves: Floats) -> Floats:
        """(k·r, k·r), with the curvature of a penalty (w, k) added."""
        outputs = self._outputs
        turned = {pair: self._turned(block) / max(self._sampled, 1) for pair, block in self._blocks.items()}
        if outputs == 1:
            return turned[0, 0] + self._of_penalty(curves[:, 0])
        rows = [[np.zeros(0)] * outputs for _ in range(outputs)]
        for a in range(outputs):
            others = [turned[min(a, b), max(a, b)] for b in range(outputs) if b != a]
            rows[a] = [-turned[min(a, b), max(a, b)] if a != b else np.zeros(0) for b in range(outputs)]
            rows[a][a] = np.sum(others, axis=0) + self._of_penalty(curves[:, a])
        return np.block(rows)

    def _turned(self, block: Floats) -> Floats:
        if self._basis is None or not self._basis.gentle:
            return block
        found: Floats = self._basis.matrix.T @ block @ self._basis.matrix
        return (found + found.T) / 2

    def _of_penalty(self, curve: Floats) -> Floats:
        if self._basis is None:
            return np.diag(curve)
        found: Floats = self._basis.matrix.T @ (curve[:, None] * self._basis.matrix)
        return found
