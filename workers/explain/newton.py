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
from workers.explain.losses import Loss
from workers.explain.rows import Rows

TIGHT = 1e-12  # of the first loss: what the last step is expected to gain; Newton squares the error once more
FLAT = 1e-14  # of the mean curvature: less is rounding
LOG_2 = math.log(2)


@dataclass(frozen=True, slots=True)
class Penalty:
    """l2/2·‖W‖² + l1·Σ √(w² + ε²) over the weights that `penalised` (w,) marks by 1, not 0. ε rounds off the corner."""

    penalised: Floats
    l2: float = 0.0
    l1: float = 0.0
    epsilon: float = 1e-3

    def of(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """Its value at weights (w, k), its gradient (w, k) and its curvature (w, k)."""
        on = self.penalised[:, None]
        root = np.sqrt(weights**2 + self.epsilon**2)
        value = self.l2 / 2 * np.sum(on * weights**2) + self.l1 * np.sum(on * (root - self.epsilon))
        slope = on * (self.l2 * weights + self.l1 * weights / root)
        return float(value), slope, on * (self.l2 + self.l1 * self.epsilon**2 / root**3)


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
        if here.worst < LOG_2 and not penalty.l2 and not penalty.l1:
            return Minimum(here, step, count, False)
    return Minimum(here, step, most_steps, False)


def evaluate(rows: Rows, loss: Loss, penalty: Penalty, weights: Floats, basis: Floats | None, every: int = 1) -> Point:
    """One pass over the rows; the Hessian from `every` n-th of them, and left at the penalties' for 0."""
    size, outputs = weights.shape
    total, worst = 0.0, -math.inf
    gradient = np.zeros_like(weights)
    blocks = np.zeros((outputs, outputs, size, size))
    sampled = 0.0
    for design, target, counts in rows.pieces():
        inputs = design if basis is None else design @ basis
        local = loss(inputs @ weights, target)
        weighed = local.loss if counts is None else counts * local.loss
        total += float(weighed.sum())
        if len(target):
            worst = max(
                worst, float(weighed.max() if counts is None else local.loss[counts > 0].max(initial=-math.inf))
            )
        gradient += inputs.T @ (local.slope if counts is None else counts[:, None] * local.slope)
        if not every:
            continue
        some = inputs[::every]
        sampled += len(some)
        for a in range(outputs):
            for b in range(a, outputs):
                curve = local.curve(a, b) if counts is None else counts * local.curve(a, b)
                root = some * np.sqrt(np.abs(curve[::every]))[:, None]
                product = root.T @ root  # of one array with itself: half the work
                blocks[a, b] += product if a == b else -product
    for a in range(outputs):
        for b in range(a):
            blocks[a, b] = blocks[b, a].T
    blocks /= max(sampled, 1)
    added, slope, curves = penalty.of(weights if basis is None else basis @ weights)
    back = np.eye(size) if basis is None else basis
    for a in range(outputs):
        blocks[a, a] += np.diag(curves[:, a]) if basis is None else back.T @ (curves[:, a, None] * back)
    return Point(
        weights,
        total / rows.count + added,
        gradient / rows.count + back.T @ slope,
        blocks.transpose(0, 2, 1, 3).reshape(outputs * size, outputs * size),
        worst,
    )


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
