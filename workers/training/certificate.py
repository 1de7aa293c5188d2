"""How far a linear neuron is from the best one possible: the exact least-squares optimum, beside what was learnt.

The design Z = [scaled features, 1] and the target are reduced, a chunk at a time, to the triangle R of a QR
factorisation, in float64 and never through ZᵀZ, which would square the condition number (Golub & Van Loan, Matrix
Computations, 5.3; Demmel et al. 2012 for the chunks). An SVD of R then gives the rank, the optimum of least norm and
its covariance. Penalised weights (l2) add rows to R: ridge regression.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from service.domain.columns import Floats, Kind
from service.domain.predictor import Predictor, TargetScale
from service.domain.spec import TrainingSpec
from service.domain.transform import FittedTransform
from workers.training.prepare import Prepared, exact_pieces

CONFIDENCE = 0.95
INVOLVED = 0.05  # a column takes part in a collinearity when its share of the null vector is larger


@dataclass(frozen=True, slots=True)
class Triangle:
    """R of [Z, t], (w + 1, w + 1) float64, and the number of rows that it stands for."""

    matrix: Floats
    rows: int

    @property
    def design(self) -> Floats:
        return self.matrix[:-1, :-1]

    @property
    def target(self) -> Floats:
        return self.matrix[:-1, -1]

    def squares(self, weights: Floats) -> float:
        """‖Zw - t‖²."""
        return float(np.sum((self.design @ weights - self.target) ** 2) + self.matrix[-1, -1] ** 2)


def triangle(pieces: Iterable[tuple[Floats, Floats]], width: int) -> Triangle:
    """Of pieces (Z (n, width), t (n,))."""
    matrix = np.zeros((width + 1, width + 1))
    rows = 0
    for design, target in pieces:
        stacked: Floats = np.vstack([matrix, np.column_stack([design, target])])
        matrix = np.asarray(np.linalg.qr(stacked, mode="r"))
        rows += len(target)
    return Triangle(matrix, rows)


def reduce(path: Path, spec: TrainingSpec, kinds: dict[str, Kind], prepared: Prepared) -> Triangle | None:
    """What the certificate needs of the training rows; None for a model that has no exact optimum to compare with."""
    if spec.network.kind != "linear" or spec.loss != "mse" or spec.optimizer.l1 or prepared.classes:
        return None
    bias = spec.network.bias
    pieces = exact_pieces(path, kinds, prepared, bias)
    return triangle(pieces, prepared.transform.n_outputs + int(bias))


def certify(found: Triangle, predictor: Predictor, spec: TrainingSpec) -> dict[str, Any]:
    """The certificate of a trained linear neuron."""
    learnt = predictor.parameters.astype(np.float64)  # one layer: its weights, then its bias
    l2 = 0.0 if spec.optimizer.kind == "adamw" else spec.optimizer.l2  # a decoupled decay has no such optimum
    return certificate(found, learnt, spec.network.bias, l2, predictor.transform, predictor.target_scale)


def certificate(
    found: Triangle, learnt: Floats, bias: bool, l2: float, transform: FittedTransform, scale: TargetScale
) -> dict[str, Any]:
    """The optimum and the gap to it. `learnt` (w,) are the trained weights, the bias last. Losses and coefficients are
    in the user's units; the gradient and the distance between weights are those of the scaled problem."""
    width = len(learnt)
    penalty = np.full(width, math.sqrt(found.rows * l2 / 2))
    penalty[width - int(bias) :] = 0.0
    design, target = found.design, found.target
    if l2:
        design = np.vstack([design, np.diag(penalty)])
        target = np.concatenate([target, np.zeros(width)])
    left, singular, right = np.linalg.svd(design, full_matrices=False)
    rank = int(np.sum(singular > singular[0] * max(found.rows, width) * np.finfo(np.float64).eps))
    best = right[:rank].T @ ((left.T @ target)[:rank] / singular[:rank])

    def objective(weights: Floats) -> float:
        return (found.squares(weights) + float(np.sum((penalty * weights) ** 2))) / found.rows

    gradient = 2 / found.rows * (found.design.T @ (found.design @ learnt - found.target) + penalty**2 * learnt)
    units = scale.scale**2
    optimum_loss, loss = objective(best) * units, objective(learnt) * units
    freedom = found.rows - rank
    variance = found.squares(best) / freedom if freedom > 0 and not l2 else None
    inverse = right[:rank].T / singular[:rank]
    condition = float(singular[0] / singular[rank - 1])
    names = [*transform.encoded_names, *(["intercept"] if bias else [])]
    return {
        "optimum_loss": optimum_loss,
        "loss": loss,
        "gap": loss - optimum_loss,
        "gradient_norm": float(np.linalg.norm(gradient)),
        "weight_distance": float(np.linalg.norm(learnt - best)),
        "prediction_distance": float(np.linalg.norm(found.design @ (learnt - best)))
        / math.sqrt(found.rows)
        * scale.scale,
        "rank": rank,
        "collinear": [_involved(vector, names) for vector in right[rank:]] if rank < width else [],
        "condition_number": condition,
        "digits": max(0, math.floor(-math.log10(np.finfo(np.float64).eps * condition))),
        "coefficients": _coefficients(best, inverse, variance, freedom, bias, transform, scale),
        "residual_standard_deviation": None if variance is None else math.sqrt(variance) * scale.scale,
    }


def _involved(vector: Floats, names: Sequence[str]) -> list[str]:
    return [name for name, share in zip(names, np.abs(vector) / np.abs(vector).max(), strict=True) if share > INVOLVED]


def _coefficients(
    best: Floats,
    inverse: Floats,
    variance: float | None,
    freedom: int,
    bias: bool,
    transform: FittedTransform,
    scale: TargetScale,
) -> list[dict[str, Any]]:
    """In the user's units: y = intercept + Σ coefficient · x. Errors are None under a penalty, which biases them."""
    width = transform.n_outputs
    slopes = scale.scale / transform.scale
    to_user = np.zeros((width + 1, len(best)))
    to_user[0, :width] = -slopes * transform.centre
    to_user[0, width:] = scale.scale
    to_user[1:, :width] = np.diag(slopes)
    values = to_user @ best
    values[0] += scale.centre
    spread = np.sqrt(np.sum((to_user @ inverse) ** 2, axis=1))
    reach = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) if variance is not None else None
    listed = []
    for index, name in enumerate(["intercept", *transform.encoded_names]):
        if index == 0 and not bias and values[0] == 0.0:
            continue
        value = float(values[index])
        error = None if variance is None else float(spread[index]) * math.sqrt(variance)
        within = None if error is None or reach is None else reach * error
        listed.append(
            {
                "feature": name,
                "value": value,
                "standard_error": error,
                "low": None if within is None else value - within,
                "high": None if within is None else value + within,
            }
        )
    return listed
