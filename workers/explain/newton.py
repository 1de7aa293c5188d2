"""The least of a convex loss of linear scores by Newton's method, damped as Levenberg and Marquardt do it.

For cross-entropy this is iteratively reweighted least squares (McCullagh & Nelder 1989, 2.5). The Hessian may be taken
from every n-th row only (Byrd et al. 2011): steps then are cheaper, and converge by a factor instead of quadratically.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from service.domain.columns import Floats
from workers.explain.losses import Local, Loss
from workers.explain.rows import Rows

TIGHT = 1e-12  # of the first loss: what the last step is expected to gain; Newton squares the error once more
FLAT = 1e-14  # of the mean curvature: less is rounding
LOG_2 = math.log(2)


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
class Point:
    """Where the search stands: `weights` (r, k) in the basis, the `loss` there with penalties, its `gradient` (r, k)
    and `hessian` (k·r, k·r), and the greatest loss of a single row that counts."""

    weights: Floats
    loss: float
    gradient: Floats
    hessian: Floats
    worst: float


@dataclass(frozen=True, slots=True)
class Minimum:
    """`step` (r, k) is the last one: it is small where the search has ended at a minimum, and not where the loss only
    falls ever slower. `converged` is False where the steps ran out."""

    point: Point
    step: Floats
    steps: int
    converged: bool


def minimise(
    rows: Rows,
    loss: Loss,
    penalty: Penalty,
    start: Floats,
    basis: Floats | None = None,
    every: int = 1,
    tolerance: float = TIGHT,
    most_steps: int = 100,
) -> Minimum:
    """From `start` (r, k). `basis` (w, r) makes weights (w, k) of what is searched for; None: they are the weights.
    Without a penalty the search ends as well once every row has its class at more than a half: cross-entropy then
    has no minimum (see `workers.explain.separation`)."""
    outputs = start.shape[1]
    here = evaluate(rows, loss, penalty, start, basis, every)
    enough = tolerance * abs(here.loss)
    damping = 0.0
    step = np.zeros_like(start)
    for count in range(1, most_steps + 1):
        size = float(np.mean(np.diag(here.hessian))) or 1.0
        found = _step(here, damping, size, outputs)
        gain = 0.0 if found is None else -float(np.sum(here.gradient * found)) / 2
        if found is not None and gain <= enough:
            last = evaluate(rows, loss, penalty, here.weights + found, basis, every)
            better = last if last.loss <= here.loss + enough else here
            return Minimum(better, found, count, True)
        there = None if found is None else evaluate(rows, loss, penalty, here.weights + found, basis, every)
        if found is None or there is None or not here.loss - there.loss > 1e-3 * gain:
            damping = max(10 * damping, 1e-6 * size)
            if damping > 1e12 * size:
                return Minimum(here, step, count, False)
            continue
        damping = damping / 10 if damping > 10 * FLAT * size else 0.0
        here, step = there, found
        if here.worst < LOG_2 and penalty.is_none:
            return Minimum(here, step, count, False)
    return Minimum(here, step, most_steps, False)


def evaluate(rows: Rows, loss: Loss, penalty: Penalty, weights: Floats, basis: Floats | None, every: int = 1) -> Point:
    """One pass over the rows; the Hessian from every n-th of them, and left out for 0."""
    size, outputs = weights.shape
    mapped = weights if basis is None else basis @ weights
    total, worst, sampled = 0.0, -math.inf, 0
    gradient = np.zeros_like(mapped)
    blocks = np.zeros((outputs, outputs, size, size) if every else (0, 0, 0, 0))
    for design, target, counts in rows.pieces():
        local = loss(design @ mapped, target)
        total += float((local.loss if counts is None else counts * local.loss).sum())
        counting = local.loss if counts is None else local.loss[counts > 0]
        worst = max(worst, float(counting.max(initial=-math.inf)))
        gradient += design.T @ (local.slope if counts is None else counts[:, None] * local.slope)
        if every:
            some = design[::every] if basis is None else design[::every] @ basis
            sampled += len(some)
            _add_curvature(blocks, some, local, None if counts is None else counts[::every], every)
    added, slope, curves = penalty.of(mapped)
    gradient = gradient / rows.count + slope
    blocks /= max(sampled, 1)
    for a in range(len(blocks)):
        blocks[a, a] += np.diag(curves[:, a]) if basis is None else basis.T @ (curves[:, a, None] * basis)
        for b in range(a):
            blocks[a, b] = blocks[b, a].T
    return Point(
        weights,
        total / rows.count + added,
        gradient if basis is None else basis.T @ gradient,
        blocks.transpose(0, 2, 1, 3).reshape(len(blocks) * size, -1) if every else np.zeros((0, 0)),
        worst,
    )


def _add_curvature(blocks: Floats, some: Floats, local: Local, counts: Floats | None, every: int) -> None:
    """Adds to the upper blocks (k, k, r, r) what every n-th of a piece's rows, `some` (n, r), tell of them."""
    for a in range(len(blocks)):
        for b in range(a, len(blocks)):
            curve = np.abs(local.curve(a, b)[::every])
            root = some * np.sqrt(curve if counts is None else counts * curve)[:, None]
            product = root.T @ root  # of one array with itself: half the work
            blocks[a, b] += product if a == b else -product


def without_gauge(hessian: Floats, outputs: int, size: float) -> Floats:
    """Softmax does not change when the same is added to every class: curvature `size` is put there, so that the Hessian
    can be inverted. Steps from a gradient that sums to 0 over the classes are not changed by it."""
    if outputs == 1:
        return hessian
    width = len(hessian) // outputs
    return hessian + size * np.kron(np.full((outputs, outputs), 1 / outputs), np.eye(width))


def _step(here: Point, damping: float, size: float, outputs: int) -> Floats | None:
    """(r, k), or None where the damped Hessian is not positive definite."""
    matrix = without_gauge(here.hessian, outputs, size)
    matrix = matrix + damping * np.eye(len(matrix))
    try:
        factor = cho_factor(matrix)
    except LinAlgError:
        return None
    flat = cho_solve(factor, -here.gradient.T.reshape(-1))
    found: Floats = flat.reshape(outputs, -1).T
    return found if np.isfinite(found).all() else None
