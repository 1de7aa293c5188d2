"""The least of a convex loss of linear scores without its Hessian, which is the dearest part for many classes or rows.

L-BFGS goes near the minimum; Newton's steps then come from conjugate gradients, which need only the Hessian's product
with a direction, as dear as a gradient (truncated Newton: Dembo & Steihaug 1983). The Hessian is that of all rows, so
that what a step gains says how far the minimum was, and where none is (`workers.optimum.separation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from service.domain.arrays import Floats
from workers.optimum.losses import LocalLoss
from workers.optimum.newton import Minimum, is_separated
from workers.optimum.passes import Basis, Penalty, SearchPoint, evaluate
from workers.optimum.quasi_newton import Metric, descend, flat
from workers.optimum.score_metric import score_metric
from workers.training.data.rows import DesignRows, Piece

NEAR = 1e-8  # of the first loss: Newton's next step leaves about the square of its square root
SOLVED = 1e-3  # of the gradient, in the metric: what a step leaves of it
MOST_STEPS, MOST_PRODUCTS, MOST_HALVINGS = 12, 60, 10
FLATTEST = 1e-12  # of the metric's curvature: less is rounding


def approach(rows: DesignRows, loss: LocalLoss, penalty: Penalty, start: Floats, basis: Basis, passes: int) -> Minimum:
    """From `start` (r, k), in a basis in which the rows spread alike, in about so many passes at most. The point has no
    Hessian."""
    taken, again = 0, rows.pieces

    def pieces() -> Iterable[Piece]:
        nonlocal taken
        taken += 1
        return again()

    rows = replace(rows, pieces=pieces)
    metric = score_metric(rows, loss, penalty, start, basis)
    here = descend(rows, loss, penalty, start, basis, NEAR, metric, passes)
    enough, step = NEAR * abs(here.loss), np.zeros_like(start)
    for count in range(1, MOST_STEPS + 1):
        if is_separated(here, loss, penalty):
            return Minimum(here, step, count, False)
        if taken >= passes:
            break
        most = min(MOST_PRODUCTS, passes - taken)
        step, solved = newton_step(here, curvature(rows, loss, penalty, here.weights, basis), metric, most)
        gain = -float(np.sum(here.gradient * step)) / 2
        there = _forward(here, step, lambda weights: evaluate(rows, loss, penalty, weights, basis, 0))
        if solved and gain <= enough:
            return Minimum(min(here, there, key=lambda point: point.loss), step, count, True)
        if there.loss >= here.loss:
            break
        here = there
    return Minimum(here, step, MOST_STEPS, False)


def newton_step(
    here: SearchPoint, product: Callable[[Floats], Floats], metric: Metric, most: int
) -> tuple[Floats, bool]:  # fmt: skip
    """(r, k) by conjugate gradients in coordinates in which the metric is 1, of so many products at most; and whether
    they were enough."""
    outputs = here.weights.shape[1]
    place = np.zeros(here.weights.size)
    left = -(metric @ flat(here.gradient))
    along, squares = left, float(left @ left)
    enough = SOLVED**2 * squares
    for _ in range(most):
        if squares <= enough:
            break
        bent = metric @ flat(product(_matrix(metric.T @ along, outputs)))
        curve = float(along @ bent)
        if not curve > FLATTEST * float(along @ along):
            break
        place = place + squares / curve * along
        left = left - squares / curve * bent
        before, squares = squares, float(left @ left)
        along = left + squares / before * along
    return _matrix(metric.T @ place, outputs), squares <= enough


def curvature(
    rows: DesignRows, loss: LocalLoss, penalty: Penalty, weights: Floats, basis: Basis
) -> Callable[[Floats], Floats]:
    """The Hessian of all rows at `weights` (r, k), as what it makes of a direction (r, k)."""
    mapped = basis.matrix @ weights
    each = [loss(design @ mapped, target) for design, target, _ in rows.pieces()]
    curves = penalty.of(mapped)[2]

    def product(direction: Floats) -> Floats:
        across = basis.matrix @ direction
        total = np.zeros_like(across)
        for (design, _, counts), local in zip(rows.pieces(), each, strict=True):
            turned = local.curved(design @ across)
            total += design.T @ (turned if counts is None else counts[:, None] * turned)
        found: Floats = basis.matrix.T @ (total / rows.count + curves * across)
        return found

    return product


def _forward(here: SearchPoint, step: Floats, at: Callable[[Floats], SearchPoint]) -> SearchPoint:
    """Along a step, or a part of it that falls."""
    for halving in range(MOST_HALVINGS):
        there = at(here.weights + step / 2**halving)
        if there.loss <= here.loss:
            break
    return there


def _matrix(of_outputs: Floats, outputs: int) -> Floats:
    """(r, k) of (k·r,)."""
    found: Floats = of_outputs.reshape(outputs, -1).T
    return found
