"""The exact least-squares optimum, beside what a linear neuron has learnt.

The design Z = [scaled features, 1] and the targets are reduced, a chunk at a time, to the triangle R of a QR
factorisation in float64 (Golub & Van Loan, Matrix Computations, 5.3; Demmel et al. 2012 for the chunks). Going through
ZᵀZ would square the condition number; where QR of all rows is above the budget and columns are far enough from
collinear, R comes from ZᵀZ all the same, by Cholesky (`gentle_triangle`). An SVD of R then gives the rank, the optimum
of least norm and its covariance. Penalised weights (l2) add rows to R: ridge regression. Rows that count v times are
scaled by √v.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular
from scipy.special import stdtrit

from service.domain.arrays import Floats
from service.domain.descent.curvature import epochs_to
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.report.neuron import Certificate
from workers.optimum.coefficients import CONFIDENCE, coefficients
from workers.training.data.rows import DesignRows
from workers.training.engines.objectives import in_user_units, loss_scale

GENTLE = 1e4  # of a condition number: its square still leaves half of the digits
AT_A_TIME = 20  # rows for each column
INVOLVED = 0.05  # a column takes part in a collinearity when its share of the null vector is larger
MILLIONTH = 1e-6


@dataclass(frozen=True, slots=True)
class Triangle:
    """R of [Z, T], (w + k, w + k) float64 for a design of `width` = w columns and k targets, and the number of rows
    that it stands for. What rounding does grows with that `power` of the condition number."""

    matrix: Floats
    rows: int
    width: int
    power: int = 1

    @property
    def design(self) -> Floats:
        """(w, w)."""
        return self.matrix[: self.width, : self.width]

    def target(self, column: int = 0) -> Floats:
        """(w,), what of a target lies in the design's space."""
        return self.matrix[: self.width, self.width + column]

    def squares(self, weights: Floats, column: int = 0) -> float:
        """‖Zw - t‖²."""
        beyond = self.matrix[self.width :, self.width + column]
        return float(np.sum((self.design @ weights - self.target(column)) ** 2) + np.sum(beyond**2))


@dataclass(frozen=True, slots=True)
class Directions:
    """The SVD of a design's triangle: `singular` (rank,) values, `right` (rank, w) directions that the rows tell apart;
    `flat` (w - rank, w) those that they do not; `left` (w, rank), None where there was no triangle."""

    singular: Floats
    right: Floats
    flat: Floats
    left: Floats | None = None

    @property
    def rank(self) -> int:
        return len(self.singular)

    @property
    def condition(self) -> float:
        return float(self.singular[0] / self.singular[-1])

    def collinear(self, names: Sequence[str]) -> list[list[str]]:
        """For each collinearity its columns, each of which is given by the others, in the order of their first ones.
        An SVD mixes flat directions with one another: elimination takes them apart again, so that the categories of two
        columns are two groups and not one twice."""
        if not len(self.flat):
            return []
        upper, order = qr(self.flat, mode="r", pivoting=True)
        apart = np.empty_like(self.flat)
        apart[:, order] = solve_triangular(upper[:, : len(upper)], upper)
        shares = np.abs(apart) / np.abs(apart).max(axis=1, keepdims=True)
        groups = sorted(np.flatnonzero(row > INVOLVED).tolist() for row in shares)
        return [[names[place] for place in group] for group in groups]


def triangle(rows: DesignRows) -> Triangle:
    """The triangle of all rows, as many at a time as make the triangle before them a small part of the work."""
    waiting: list[Floats] = []
    for block in _blocks(rows):
        waiting.append(block)
        if sum(map(len, waiting)) >= AT_A_TIME * rows.width:
            waiting = [np.asarray(np.linalg.qr(np.vstack(waiting), mode="r"))]
    whole = np.asarray(np.linalg.qr(np.vstack(waiting), mode="r"))
    if len(whole) < whole.shape[1]:  # fewer rows than columns
        whole = np.vstack([whole, np.zeros((whole.shape[1] - len(whole), whole.shape[1]))])
    return Triangle(whole, rows.count, rows.width)


def gentle_triangle(rows: DesignRows) -> Triangle | None:
    """The triangle by Cholesky from the products of design and targets, at a fraction of the cost; None where these are
    nearer to collinear than `GENTLE`: a target that is fitted to the last digits is so too."""
    gram: Floats = np.zeros(())
    for block in _blocks(rows):
        gram = gram + block.T @ block
    sizes = np.sqrt(np.diag(gram))
    if not sizes.all():
        return None
    scaled = gram / sizes / sizes[:, None]
    values = np.linalg.eigvalsh(scaled)
    if not values[0] * GENTLE**2 > values[-1]:
        return None
    return Triangle(np.asarray(np.linalg.cholesky(scaled).T * sizes, dtype=np.float64), rows.count, rows.width, power=2)


def _blocks(rows: DesignRows) -> Iterator[Floats]:
    """[Z, T], each row times the root of what it counts."""
    for design, target, weights in rows.pieces():
        block = np.column_stack([design, target])
        if weights is not None:
            block *= np.sqrt(weights)[:, None]
        yield block


def directions(design: Floats, rows: int) -> Directions:
    """Directions of a triangle (w, w), or one with the rows of a penalty below, that stands for so many rows."""
    left, singular, right = np.linalg.svd(design, full_matrices=False)
    rank = int(np.sum(singular > singular[0] * max(rows, design.shape[1]) * np.finfo(np.float64).eps))
    return Directions(singular[:rank], right[:rank], right[rank:], left[:, :rank])


def gentle_directions(rows: DesignRows, ridge: Floats) -> Directions | None:
    """Directions from the Gram matrix, at a fraction of the cost, with `ridge` (w,) below the design; None where the
    columns are nearer to collinear than `GENTLE`, so that it would say little of the flattest directions."""
    gram = np.diag(ridge**2)
    for design, _, weights in rows.pieces():
        weighed = design if weights is None else design * np.sqrt(weights)[:, None]
        gram += weighed.T @ weighed
    values, vectors = np.linalg.eigh(gram)
    if not values[0] * GENTLE**2 > values[-1]:
        return None
    return Directions(np.sqrt(values[::-1]), vectors.T[::-1], np.zeros((0, rows.width)))


def digits(condition: float) -> int:
    """How many decimal digits of the coefficients rounding leaves."""
    return max(0, math.floor(-math.log10(np.finfo(np.float64).eps * condition)))


def penalty_rows(found: Triangle, bias: bool, l2: float) -> Floats:
    """(w,) what a penalty puts below the design's columns: 0 for the bias that is last."""
    rows = np.full(found.width, math.sqrt(found.rows * l2 / 2))
    rows[found.width - int(bias) :] = 0.0
    return rows


def space_of(found: Triangle, bias: bool, l2: float) -> Directions:
    """What the design's columns tell apart, with a penalty's rows below them: the same for every target."""
    design = found.design
    if l2:
        design = np.vstack([design, np.diag(penalty_rows(found, bias, l2))])
    return directions(design, found.rows)


def least_squares(
    found: Triangle, learnt: Floats, bias: bool, l2: float, transform: FittedTransform, scale: TargetScale,
    column: int = 0, space: Directions | None = None,
) -> Certificate:  # fmt: skip
    """The certificate for one target: the optimum and the gap to it. `learnt` (w,) are its trained weights, the bias
    last. Losses and coefficients are in the user's units; the gradient and the distance between weights are those of
    the scaled problem. `epochs_to_millionth` bounds when full-batch descent from zeros at the rate with the best worst
    case is within a millionth of the optimal loss; null where that loss is zero, or penalised. `space` is `space_of`
    these, where it is known."""
    width = len(learnt)
    penalty, target = penalty_rows(found, bias, l2), found.target(column)
    if l2:
        target = np.concatenate([target, np.zeros(width)])
    if space is None:
        space = space_of(found, bias, l2)
    best = space.right.T @ ((space.left.T @ target) / space.singular)  # type: ignore[union-attr]  # of a triangle

    def objective(weights: Floats) -> float:
        return (found.squares(weights, column) + float(np.sum((penalty * weights) ** 2))) / found.rows

    gradient = 2 / found.rows * (found.design.T @ (found.design @ learnt - found.target(column)) + penalty**2 * learnt)
    units = in_user_units("mse", 1.0, loss_scale((scale,)))
    least, loss = objective(best), objective(learnt)
    freedom = found.rows - space.rank
    variance = found.squares(best, column) / freedom if freedom > 0 and not l2 else None
    spread = None if variance is None else space.right.T / space.singular * math.sqrt(variance)
    reach = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) if variance is not None else None
    names = [*transform.encoded_names, *(["intercept"] if bias else [])]
    return Certificate(
        method="QR and SVD" if found.power == 1 else "Cholesky and SVD",
        optimum_loss=least * units,
        loss=loss * units,
        gap=(loss - least) * units,
        gradient_norm=float(np.linalg.norm(gradient)),
        weight_distance=float(np.linalg.norm(learnt - best)),
        prediction_distance=float(np.linalg.norm(found.design @ (learnt - best))) / math.sqrt(found.rows) * scale.scale,
        rank=space.rank,
        collinear=space.collinear(names),
        condition_number=space.condition,
        digits=digits(space.condition**found.power),
        coefficients=coefficients(best, spread, reach, bias, transform, scale),
        residual_standard_deviation=None if variance is None else math.sqrt(variance) * scale.scale,
        epochs_to_millionth=None if l2 else _epochs_to_millionth(objective(np.zeros(width)), least, space.condition),
    )


def _epochs_to_millionth(first: float, least: float, condition: float) -> int | None:
    """From a loss of `first`; the Hessian's condition number is the square of the design's."""
    noise = float(np.finfo(np.float32).eps) ** 2 * first  # less than float32 tells from an exact fit
    if least <= noise:
        return None
    return epochs_to(min(1.0, MILLIONTH * least / max(first - least, noise)), condition**2)
