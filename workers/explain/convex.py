"""The optimum of a linear neuron's cross-entropy or Huber loss, beside what it has learnt.

The search goes on in the design's own directions, each of length 1 over the rows: columns of any size and correlation
then converge alike, and those that are combinations of others are named. The directions come from the Gram matrix,
and from QR and SVD (`workers.explain.least_squares`) where columns are near to collinear. Many rows are gone through by
L-BFGS first, so that one or two whole Hessians are left to Newton's method. Standard errors are those of maximum
likelihood, from the observed information.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from service.domain.columns import Floats
from service.domain.network import class_probabilities
from service.domain.predictor import Label, TargetScale, label_text
from service.domain.transform import FittedTransform
from workers.explain.coefficients import CONFIDENCE, coefficients
from workers.explain.least_squares import Directions, digits, directions, gentle_directions, triangle
from workers.explain.losses import loss_of
from workers.explain.newton import Minimum, minimise, without_gauge
from workers.explain.passes import Basis, Penalty, evaluate
from workers.explain.quasi_newton import LEAST_SAMPLE, descend
from workers.explain.rows import Rows
from workers.explain.separation import separation

NEAR = 1e-13  # of the loss: a single whole Newton step is then left


class NotFound(Exception):
    """The optimum cannot be given; the text says why."""


def convex(
    rows: Rows, name: str, learnt: Floats, bias: bool, l2: float, transform: FittedTransform, scale: TargetScale,
    classes: tuple[Label, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """The certificate. `learnt` (w, k) are the trained weights, the bias last; `name` is the loss. Losses are in the
    user's units. Raises NotFound."""
    width, outputs = learnt.shape
    loss, penalty = loss_of(name, 0.5), Penalty(l2 * penalised(width, bias))
    space, basis = _space(rows, penalty)
    found = _search(rows, name, penalty, space, basis, learnt)
    apart = separation(rows, found, basis.matrix, classes) if classes and not l2 else None
    if apart is None and not found.converged:
        raise NotFound("Newton's method has not come to rest at an optimum")
    at_learnt = evaluate(rows, loss, penalty, learnt, None, every=0)
    best = basis.matrix @ found.point.weights
    units = scale.scale**2
    least = 0.0 if apart is not None and apart.complete else found.point.loss
    names = [*transform.encoded_names, *(["intercept"] if bias else [])]
    spread = _spread(found, basis.matrix, rows, outputs) if classes and not l2 and apart is None else None
    curves = np.abs(np.linalg.eigvalsh(without_gauge(found.point.hessian, outputs, 1.0)))
    stretch = float(curves.max() / curves.min())
    return {
        "method": "Newton",
        "optimum_loss": least * units,
        "loss": at_learnt.loss * units,
        "gap": (at_learnt.loss - least) * units,
        "gradient_norm": float(np.linalg.norm(at_learnt.gradient)),
        "weight_distance": None if apart else float(np.linalg.norm(_centred(learnt - best, bool(l2)))),
        "prediction_distance": None if apart else _distance(rows, learnt, best, bool(classes)) * scale.scale,
        "rank": space.rank,
        "collinear": space.collinear(names),
        "condition_number": space.condition,
        "digits": None if apart else digits(space.condition * stretch),
        "coefficients": [] if apart else _listed(best, spread, bias, transform, scale, classes),
        "residual_standard_deviation": None,
        "separation": apart.to_json() if apart else None,
        "epochs_to_millionth": None,
    }


def least_loss(rows: Rows, name: str, outputs: int, classes: tuple[Label, ...] = ()) -> float | None:
    """The infimum of this loss without penalties, in units of the scaled target; None where some classes only are
    separated, or the search does not come to rest."""
    penalty = Penalty(np.zeros(rows.width))
    space, basis = _space(rows, penalty)
    found = _search(rows, name, penalty, space, basis, np.zeros((rows.width, outputs)))
    apart = separation(rows, found, basis.matrix, classes) if classes else None
    if apart is not None:
        return 0.0 if apart.complete else None
    return found.point.loss if found.converged else None


def penalised(width: int, bias: bool) -> Floats:
    """(width,) 1 for weights, 0 for the bias that is last."""
    marks = np.ones(width)
    marks[width - int(bias) :] = 0.0
    return marks


def _space(rows: Rows, penalty: Penalty) -> tuple[Directions, Basis]:
    """The design's directions, and the basis to search in; with a penalty the weights themselves."""
    ridge = np.sqrt(rows.count / 2 * penalty.l2)
    found = gentle_directions(rows, ridge)
    gentle = found is not None
    if found is None:
        design = triangle(rows).design
        found = directions(design if penalty.is_none else np.vstack([design, np.diag(ridge)]), rows.count)
    matrix = found.right.T / found.singular * math.sqrt(rows.count) if penalty.is_none else np.eye(rows.width)
    return found, Basis(matrix, gentle)


def _search(rows: Rows, name: str, penalty: Penalty, space: Directions, basis: Basis, learnt: Floats) -> Minimum:
    """To the minimum by Newton's method; where rows are many, from near it, or from what was learnt."""
    loss, start = loss_of(name, 0.5), np.zeros((basis.matrix.shape[1], learnt.shape[1]))
    if rows.count > LEAST_SAMPLE:
        along = learnt
        if penalty.is_none:
            along = space.singular[:, None] * (space.right @ learnt) / math.sqrt(rows.count)
        starts = [evaluate(rows, loss, penalty, weights, basis, 0) for weights in (start, along)]
        start = descend(rows, loss, penalty, min(starts, key=lambda point: point.loss).weights, basis, NEAR).weights
    return minimise(rows, loss, penalty, start, basis)


def _spread(found: Minimum, basis: Floats, rows: Rows, outputs: int) -> list[Floats] | None:
    """For each class a root (w, r) of the covariance of its weights; None where rows count differently, so that
    the loss is no likelihood."""
    if any(counts is not None for _, _, counts in rows.pieces()):
        return None
    hessian = found.point.hessian
    size = float(np.mean(np.diag(hessian)))
    covariance = np.linalg.inv(without_gauge(hessian, outputs, size))
    width = len(hessian) // outputs
    if outputs > 1:  # what the gauge put there is taken out again: errors are those of classes that sum to 0
        covariance = covariance - np.kron(np.full((outputs, outputs), 1 / outputs), np.eye(width)) / size
    roots = []
    for number in range(outputs):
        block = covariance[number * width : (number + 1) * width, number * width : (number + 1) * width] / rows.count
        values, vectors = np.linalg.eigh(block)
        roots.append(basis @ (vectors * np.sqrt(np.maximum(values, 0))))
    return roots


def _listed(
    best: Floats, spread: list[Floats] | None, bias: bool, transform: FittedTransform, scale: TargetScale,
    classes: tuple[Label, ...],
) -> list[dict[str, Any]]:  # fmt: skip
    """For classes in log-odds: of the second of two; of more, each against the mean of all (they sum to 0)."""
    reach = float(ndtri(0.5 + CONFIDENCE / 2)) if spread else None
    listed = []
    for number in range(best.shape[1]):
        of_class = {"class": label_text(classes[1 if len(classes) == 2 else number])} if classes else {}
        root = spread[number] if spread else None
        listed += coefficients(best[:, number], root, reach, bias, transform, scale, **of_class)
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


def _distance(rows: Rows, learnt: Floats, best: Floats, classes: bool) -> float:
    """The root mean square over the rows of what two predictions differ by: numbers, or all classes' probabilities."""
    total = 0.0
    for design, _, counts in rows.pieces():
        mine, other = design @ learnt, design @ best
        off = class_probabilities(mine) - class_probabilities(other) if classes else mine - other
        squares = np.sum(off**2, axis=1)
        total += float(squares.sum() if counts is None else (counts * squares).sum())
    return math.sqrt(total / rows.count)
