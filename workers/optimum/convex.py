"""The optimum of a linear neuron's cross-entropy or Huber loss, beside what it has learnt.

The search goes on in the design's own directions, each of length 1 over the rows: columns of any size and correlation
then converge alike, and those that are combinations of others are named. The directions come from the Gram matrix,
and from QR and SVD (`workers.optimum.least_squares`) where columns are near to collinear. Few rows are gone through by
Newton's method, many by gradients (`workers.optimum.truncated_newton`): a Hessian is then made for the errors only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from service.domain.arrays import Floats
from service.domain.model.predictor import Label, TargetScale, label_text
from service.domain.model.probabilities import class_probabilities
from service.domain.model.transform import FittedTransform
from service.domain.report.neuron import Certificate, Coefficient
from workers.optimum.coefficients import CONFIDENCE, coefficients
from workers.optimum.effort import FEW_ROWS, Way
from workers.optimum.least_squares import Directions, digits, directions, gentle_directions, triangle
from workers.optimum.losses import loss_of
from workers.optimum.newton import Minimum, minimise
from workers.optimum.passes import Basis, Penalty, evaluate
from workers.optimum.separation import separation
from workers.optimum.standard_errors import inverse, spread, stand_for_all
from workers.optimum.truncated_newton import approach
from workers.training.data.rows import DesignRows
from workers.training.engines.objectives import in_user_units, loss_scale


class NoOptimum(Exception):
    """The optimum cannot be given; the text says why."""


def convex(
    rows: DesignRows, name: str, learnt: Floats, bias: bool, l2: float, transform: FittedTransform, scale: TargetScale,
    classes: tuple[Label, ...] = (), way: Way | None = None,
) -> Certificate:  # fmt: skip
    """The certificate. `learnt` (w, k) are the trained weights, the bias last; `name` is the loss; `way` is how to go
    about it, whatever it takes if not given. Losses are in the user's units. Raises NotFound."""
    way = way or _any_way(rows)
    width = len(learnt)
    loss, penalty = loss_of(name, 0.5), Penalty(l2 * penalised(width, bias))
    space, basis = _space(rows, penalty)
    found = _search(rows, name, penalty, space, basis, learnt, way)
    apart = separation(rows, found, basis.matrix, classes) if classes and not l2 else None
    if apart is None and not found.converged:
        within = "" if way.whole else f" within {way.passes:,} passes over the rows"
        raise NoOptimum(f"Newton's method did not converge{within}; it may with fewer features (`exclude`) or some l2")
    at_learnt = evaluate(rows, loss, penalty, learnt, None, every=0)
    best = basis.matrix @ found.point.weights
    units = in_user_units(name, 1.0, loss_scale((scale,)))
    least = 0.0 if apart is not None and apart.complete else found.point.loss
    names = [*transform.encoded_names, *(["intercept"] if bias else [])]
    likelihood = bool(classes) and not l2 and all(counts is None for _, _, counts in rows.pieces())
    errors = NO_ERRORS if apart else _errors(rows, name, penalty, basis, found, way, likelihood)
    return Certificate(
        method="Newton" if way.whole else "truncated Newton",
        optimum_loss=least * units,
        loss=at_learnt.loss * units,
        gap=(at_learnt.loss - least) * units,
        gradient_norm=float(np.linalg.norm(at_learnt.gradient)),
        weight_distance=None if apart else float(np.linalg.norm(_centred(learnt - best, bool(l2)))),
        prediction_distance=None if apart else _distance(rows, learnt, best, bool(classes)) * scale.scale,
        rank=space.rank,
        collinear=space.collinear(names),
        condition_number=space.condition,
        digits=None if errors.condition is None else digits(space.condition * errors.condition),
        coefficients=[] if apart else _listed(best, errors.spread, bias, transform, scale, classes),
        separation=apart.told if apart else None,
        note=errors.note,
    )


@dataclass(frozen=True, slots=True)
class Errors:
    """A root (w, r) of the covariance of each class's weights, None where there are none; the condition number of the
    Hessian; and a `note` on rows or errors that were left out."""

    spread: list[Floats] | None = None
    condition: float | None = None
    note: str | None = None


NO_ERRORS = Errors()


def _errors(
    rows: DesignRows, name: str, penalty: Penalty, basis: Basis, found: Minimum, way: Way, likelihood: bool
) -> Errors:
    """What the Hessian at the optimum tells; `likelihood`: whether the loss is one, so that there are errors."""
    weights, outputs = found.point.weights, found.point.weights.shape[1]

    def without(reason: str) -> Errors:
        return Errors(note=f"standard errors are left out: {reason}" if likelihood else None)

    if not way.every:
        return without(f"{weights.size:,} weights are too many; use fewer features (`exclude`) or classes")
    if way.every > 1 and likelihood and not stand_for_all(rows, basis, way.every):
        return without(
            "there are too many rows to use all, and no sample represents them, since a feature varies in few rows "
            "only; leave it out (`exclude`)"
        )
    hessian = found.point.hessian
    if not way.whole:
        hessian = evaluate(rows, loss_of(name, 0.5), penalty, weights, basis, way.every).hessian
    inverted = inverse(hessian, outputs)
    if inverted is None:
        return without("the loss is flat along some direction, up to rounding")
    if not likelihood:
        return Errors(condition=inverted[1])
    roots = spread(hessian, inverted[0], basis.matrix, rows.count, outputs)
    note = f"standard errors are estimated from one row in {way.every}"
    return Errors(roots, inverted[1], note if way.every > 1 else None)


def least_loss(rows: DesignRows, name: str, outputs: int, classes: tuple[Label, ...] = ()) -> float | None:
    """The infimum of this loss without penalties, in units of the scaled target; None where some classes only are
    separated, or the search does not come to rest."""
    penalty = Penalty(np.zeros(rows.width))
    space, basis = _space(rows, penalty)
    found = _search(rows, name, penalty, space, basis, np.zeros((rows.width, outputs)), _any_way(rows))
    apart = separation(rows, found, basis.matrix, classes) if classes else None
    if apart is not None:
        return 0.0 if apart.complete else None
    return found.point.loss if found.converged else None


def _any_way(rows: DesignRows) -> Way:
    """Whatever it takes."""
    return Way(whole=rows.count <= FEW_ROWS)


def penalised(width: int, bias: bool) -> Floats:
    """(width,) 1 for weights, 0 for the bias that is last."""
    marks = np.ones(width)
    marks[width - int(bias) :] = 0.0
    return marks


def _space(rows: DesignRows, penalty: Penalty) -> tuple[Directions, Basis]:
    """The design's directions, with the penalty's rows below it, and the basis along them."""
    ridge = np.sqrt(rows.count / 2 * penalty.l2)
    found = gentle_directions(rows, ridge)
    gentle = found is not None
    if found is None:
        design = triangle(rows).design
        found = directions(design if penalty.is_none else np.vstack([design, np.diag(ridge)]), rows.count)
    return found, Basis(found.right.T / found.singular * math.sqrt(rows.count), gentle)


def _search(
    rows: DesignRows, name: str, penalty: Penalty, space: Directions, basis: Basis, learnt: Floats, way: Way
) -> Minimum:
    """To the minimum: by Newton's method with whole Hessians, or from what was learnt, where that is better than
    nothing."""
    loss, start = loss_of(name, 0.5), np.zeros((basis.matrix.shape[1], learnt.shape[1]))
    if way.whole:
        return minimise(rows, loss, penalty, start, basis)
    along = space.singular[:, None] * (space.right @ learnt) / math.sqrt(rows.count)
    starts = [evaluate(rows, loss, penalty, weights, basis, 0) for weights in (start, along)]
    return approach(rows, loss, penalty, min(starts, key=lambda point: point.loss).weights, basis, way.passes)


def _listed(
    best: Floats, roots: list[Floats] | None, bias: bool, transform: FittedTransform, scale: TargetScale,
    classes: tuple[Label, ...],
) -> list[Coefficient]:  # fmt: skip
    """For classes in log-odds: of the second of two; of more, each against the mean of all (they sum to 0)."""
    reach = float(ndtri(0.5 + CONFIDENCE / 2)) if roots else None
    listed = []
    for number in range(best.shape[1]):
        label = label_text(classes[1 if len(classes) == 2 else number]) if classes else None
        root = roots[number] if roots else None
        listed += coefficients(best[:, number], root, reach, bias, transform, scale, label)
    return listed


def _centred(off: Floats, bias_only: bool) -> Floats:
    """A difference of weights (w, k) without what softmax does not see: the same for every class."""
    if off.shape[1] == 1:
        return off
    mean: Floats = off.mean(axis=1, keepdims=True)
    if bias_only:
        mean[:-1] = 0.0
    centred: Floats = off - mean
    return centred


def _distance(rows: DesignRows, learnt: Floats, best: Floats, classes: bool) -> float:
    """The root mean square over the rows of what two predictions differ by: numbers, or all classes' probabilities."""
    total = 0.0
    for design, _, counts in rows.pieces():
        mine, other = design @ learnt, design @ best
        off = class_probabilities(mine) - class_probabilities(other) if classes else mine - other
        squares = np.sum(off**2, axis=1)
        total += float(squares.sum() if counts is None else (counts * squares).sum())
    return math.sqrt(total / rows.count)
