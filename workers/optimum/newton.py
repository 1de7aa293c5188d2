"""The least of a convex loss of linear scores by Newton's method, damped as Levenberg and Marquardt do it.

For cross-entropy this is iteratively reweighted least squares (McCullagh & Nelder 1989, 2.5). With a Hessian from every
n-th row only steps are cheaper, and converge by a factor instead of quadratically.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from service.domain.arrays import Floats
from workers.optimum.losses import LocalLoss, separable
from workers.optimum.passes import Basis, Penalty, SearchPoint, evaluate
from workers.training.data.rows import DesignRows

TIGHT = 1e-13  # of the first loss: what the last step is expected to gain; Newton squares the error once more
FLAT = 1e-14  # of the mean curvature: less is rounding
LOG_2 = math.log(2)


@dataclass(frozen=True, slots=True)
class Minimum:
    """`step` (r, k) is the last one: it is small where the search has ended at a minimum, and not where the loss only
    falls ever slower. `converged` is False where the steps ran out. The point's Hessian is that of one step before."""

    point: SearchPoint
    step: Floats
    steps: int
    converged: bool


def minimise(
    rows: DesignRows,
    loss: LocalLoss,
    penalty: Penalty,
    start: Floats,
    basis: Basis | None = None,
    every: int = 1,
    tolerance: float = TIGHT,
    most_steps: int = 100,
) -> Minimum:
    """From `start` (r, k). Without a penalty the search ends as well once every row has its class at more than a half:
    cross-entropy then has no minimum (see `workers.optimum.separation`)."""
    outputs = start.shape[1]
    here = evaluate(rows, loss, penalty, start, basis, every)
    enough = tolerance * abs(here.loss)
    damping = 0.0
    step = np.zeros_like(start)
    for count in range(1, most_steps + 1):
        if is_separated(here, loss, penalty):
            return Minimum(here, step, count, False)
        size = float(np.mean(np.diag(here.hessian))) or 1.0
        found = _step(here, damping, size, outputs)
        gain = 0.0 if found is None else -float(np.sum(here.gradient * found)) / 2
        if found is not None and gain <= enough:
            last = evaluate(rows, loss, penalty, here.weights + found, basis, 0)
            better = replace(last, hessian=here.hessian) if last.loss <= here.loss + enough else here
            return Minimum(better, found, count, True)
        there = None if found is None else evaluate(rows, loss, penalty, here.weights + found, basis, every)
        if found is None or there is None or not here.loss - there.loss > 1e-3 * gain:
            damping = max(10 * damping, 1e-6 * size)
            if damping > 1e12 * size:
                return Minimum(here, step, count, False)
            continue
        damping = damping / 10 if damping > 10 * FLAT * size else 0.0
        here, step = there, found
    return Minimum(here, step, most_steps, False)


def is_separated(here: SearchPoint, loss: LocalLoss, penalty: Penalty) -> bool:
    """Whether every row has its class at more than a half, and nothing keeps the weights from growing for ever."""
    return here.worst < LOG_2 and penalty.is_none and separable(loss)


def without_gauge(hessian: Floats, outputs: int, size: float) -> Floats:
    """Softmax does not change when the same is added to every class: curvature `size` is put there, so that the Hessian
    can be inverted. Steps from a gradient that sums to 0 over the classes are not changed by it."""
    if outputs == 1:
        return hessian
    width = len(hessian) // outputs
    found, same = hessian.copy(), np.arange(width)
    found.reshape(outputs, width, outputs, width)[:, same, :, same] += size / outputs
    return found


def _step(here: SearchPoint, damping: float, size: float, outputs: int) -> Floats | None:
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
