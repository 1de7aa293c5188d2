"""The least absolute (or pinball) loss of a linear neuron as a linear program: exact, for tables that are not large.

min Σ vᵢ·(q·uᵢ + (1 - q)·wᵢ) with Zx + u - w = t, u, w ≥ 0 (Koenker & Bassett 1978). HiGHS solves its dual, max tᵀa
with Zᵀa = 0 and (q - 1)vᵢ ≤ aᵢ ≤ q·vᵢ, which has a constraint for each column instead of each row; x are its prices.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import linprog

from service.domain.arrays import Floats
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.report.neuron import Certificate
from workers.optimum.coefficients import coefficients
from workers.optimum.convex import NoOptimum
from workers.optimum.least_squares import digits, directions, triangle
from workers.optimum.losses import PINBALLS, loss_of
from workers.optimum.passes import Penalty, evaluate
from workers.training.data.rows import DesignRows
from workers.training.engines.objectives import in_user_units, loss_scale

MOST_CELLS = 200_000  # of the design: the solver's time grows faster than these
MOST_FOR_ALL = 1_000_000  # cells that are gone into for several targets, each of which has a program of its own


def too_many_cells(name: str, cells: int, targets: int = 1) -> str | None:
    """Why a design of so many cells is not gone into, once for each target."""
    if cells <= MOST_CELLS and cells * targets > MOST_FOR_ALL:
        return (
            f"the exact optima of {name} are a linear program for each of {targets} targets, solved for up to "
            f"{MOST_FOR_ALL:,} cells of all designs together; these have {cells * targets:,}. Use fewer targets, "
            "features (`exclude`) or rows, or the loss huber"
        )
    if cells <= MOST_CELLS:
        return None
    return (
        f"the exact optimum of {name} is a linear program, solved for designs of up to {MOST_CELLS:,} cells; this one "
        f"has {cells:,}. Use fewer features (`exclude`) or rows, or the loss huber"
    )


def absolute(
    rows: DesignRows,
    name: str,
    quantile: float,
    learnt: Floats,
    bias: bool,
    transform: FittedTransform,
    scale: TargetScale,
) -> Certificate:
    """The certificate for the loss `mae` or `quantile`, without errors. `learnt` (w, 1). Raises NotFound."""
    width = len(learnt)
    pieces = list(rows.pieces())
    design = np.vstack([piece[0] for piece in pieces])
    target = np.concatenate([piece[1] for piece in pieces])
    counts = np.concatenate([np.ones(len(piece[1])) if piece[2] is None else piece[2] for piece in pieces])
    level, factor = PINBALLS[name](quantile)
    space = directions(triangle(rows).design, rows.count)
    basis = space.right.T / space.singular * math.sqrt(rows.count)
    solved = linprog(
        -target,
        A_eq=(design @ basis).T,
        b_eq=np.zeros(space.rank),
        bounds=np.outer(factor * counts, [level - 1, level]),
        method="highs-ds",
    )
    if solved.status != 0:
        raise NoOptimum(f"the linear program of {name} was not solved: {solved.message}")
    best = -basis @ solved.eqlin.marginals[:, None]
    loss, free = loss_of(name, quantile), Penalty(np.zeros(width))
    at_best, at_learnt = (evaluate(rows, loss, free, weights, None, every=0) for weights in (best, learnt))
    off = design @ (learnt - best)
    units = in_user_units(name, 1.0, loss_scale((scale,)))
    names = [*transform.encoded_names, *(["intercept"] if bias else [])]
    return Certificate(
        method="linear program",
        optimum_loss=at_best.loss * units,
        loss=at_learnt.loss * units,
        gap=(at_learnt.loss - at_best.loss) * units,
        gradient_norm=float(np.linalg.norm(at_learnt.gradient)),
        weight_distance=float(np.linalg.norm(learnt - best)),
        prediction_distance=math.sqrt(float(np.sum(counts[:, None] * off**2)) / rows.count) * scale.scale,
        rank=space.rank,
        collinear=space.collinear(names),
        condition_number=space.condition,
        digits=min(digits(space.condition), 7),  # HiGHS is exact to about 1e-7
        coefficients=coefficients(best[:, 0], None, None, bias, transform, scale),
    )
