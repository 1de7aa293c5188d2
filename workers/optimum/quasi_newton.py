"""The way to a minimum for many rows: something near the Hessian once, then gradients of all.

L-BFGS (Liu & Nocedal 1989) in coordinates in which that metric is 1: the Hessian of all rows is near 1 then. A pass for
a gradient costs a small part of a Hessian's, and gains about a digit of the loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize, sparse
from scipy.linalg import LinAlgError, cholesky
from scipy.linalg.lapack import dtrtri

from service.domain.arrays import Floats
from workers.optimum.effort import LEAST_SAMPLE, ROWS_IN_METRIC
from workers.optimum.losses import LocalLoss
from workers.optimum.newton import is_separated, minimise, without_gauge
from workers.optimum.passes import Basis, Penalty, SearchPoint, evaluate
from workers.training.data.rows import DesignRows, thinned

ROWS_FOR_EACH = ROWS_IN_METRIC  # rows for each column in the Hessian
REMEMBERED = 20  # steps
MOST_STEPS = 60
MANY = 8  # times the sampled rows
SAMPLED_FOR_EACH = 50  # sampled rows for each weight, to start from their minimum
ROUGH = 1e-5  # of the loss: rows that were not sampled move the minimum by more
Metric = Any  # L⁻¹ (k·r, k·r), dense or sparse, of a Hessian near LLᵀ: L⁻¹ of a gradient is one where that is 1
LEAST_DAMPING = 1e-10  # of the mean curvature


def stride(rows: int, columns: int, rows_for_each: int = ROWS_FOR_EACH) -> int:
    """How many rows one stands for in a Hessian of so many columns that only has to point the way."""
    return max(1, rows // max(LEAST_SAMPLE, rows_for_each * columns))


def start_from_some(rows: DesignRows, loss: LocalLoss, penalty: Penalty, start: Floats, basis: Basis | None) -> Floats:
    """Where the loss of some rows only is least, when all are many times as many and that is better than `start`
    (r, k)."""
    every = stride(rows.count, start.size, SAMPLED_FOR_EACH)
    if every < MANY:
        return start
    found = minimise(thinned(rows, every), loss, penalty, start, basis, tolerance=ROUGH, most_steps=20).point.weights
    points = [evaluate(rows, loss, penalty, weights, basis, 0) for weights in (start, found)]
    return min(points, key=lambda point: point.loss).weights


def sampled_metric(rows: DesignRows, loss: LocalLoss, penalty: Penalty, start: Floats, basis: Basis | None) -> Metric:
    """From the Hessian that some of the rows have at `start` (r, k)."""
    here = evaluate(rows, loss, penalty, start, basis, stride(rows.count, len(start)))
    return _inverse_root(here.hessian, start.shape[1])


def descend(
    rows: DesignRows, loss: LocalLoss, penalty: Penalty, start: Floats, basis: Basis | None, tolerance: float,
    metric: Metric | None = None, passes: int = 10_000,
) -> SearchPoint:  # fmt: skip
    """From `start` (r, k) until a step gains less than `tolerance` of the first loss, or without a penalty until every
    row has its class at more than a half, or after so many passes. Without a `metric` the basis has to do. The point
    has no Hessian."""
    outputs = start.shape[1]
    best = evaluate(rows, loss, penalty, start, basis, 0)
    back: Metric = sparse.identity(start.size) if metric is None else metric
    length = float(np.linalg.norm(back @ flat(best.gradient)))
    if not length or not np.isfinite(length):
        return best
    enough = tolerance * min(1.0, best.loss)

    def at(place: Floats) -> tuple[float, Floats]:
        # the first step that is tried has length 1: that of the step to the minimum, were the Hessian right
        nonlocal best
        moved = start + (back.T @ (length * place)).reshape(outputs, -1).T
        here = evaluate(rows, loss, penalty, moved, basis, 0)
        best = min(best, here, key=lambda point: point.loss)
        return here.loss, length * (back @ flat(here.gradient))

    def stop_when_separated(_: Floats) -> None:
        if is_separated(best, loss, penalty):
            raise StopIteration

    steps = {"maxiter": MOST_STEPS, "maxfun": passes, "maxcor": REMEMBERED, "ftol": enough, "gtol": 0.0}
    optimize.minimize(
        at, np.zeros(start.size), jac=True, method="L-BFGS-B", callback=stop_when_separated, options=steps
    )
    return best


def flat(of_outputs: Floats) -> Floats:
    """(k·r,) of (r, k), as a Hessian has them."""
    return of_outputs.T.reshape(-1)


def _inverse_root(hessian: Floats, outputs: int) -> Floats:
    """L⁻¹ of a Hessian LLᵀ, or of one that is damped until it has such a root."""
    size = float(np.mean(np.diag(hessian))) or 1.0
    matrix, damping = without_gauge(hessian, outputs, size), LEAST_DAMPING
    while True:
        try:
            root = cholesky(matrix + damping * size * np.eye(len(matrix)), lower=True)
        except LinAlgError:
            damping *= 100
        else:
            inverse: Floats = np.ascontiguousarray(dtrtri(root, lower=1)[0])
            return inverse
