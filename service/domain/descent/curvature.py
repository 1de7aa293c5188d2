"""Curvature of a linear neuron's mean squared error: what decides which learning rates are safe.

With Z = [X, 1] (n, m + 1), the loss is (1/n)‖Zw - y‖² and its Hessian H = (2/n) ZᵀZ does not depend on w. Full-batch
descent w ← w - η∇L contracts along each eigenvector of H by |1 - ηλ|: it converges for η < 2/λmax, and
fastest, over all directions, for η = 2/(λmax + λmin) (Boyd & Vandenberghe, Convex Optimization, 9.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.described import As


@dataclass(frozen=True, slots=True)
class Curvature:
    """Figures of H. `lambda_min` is the least eigenvalue that is not zero in float64."""

    lambda_max: float
    lambda_min: Annotated[float, "the least that is not zero"]
    condition_number: float
    stable_learning_rate: Annotated[float, "full-batch descent is stable below"]
    best_learning_rate: Annotated[
        float,
        "2/(λmax + λmin): the constant learning rate with the best worst case; for the best one on this table, "
        "see the forecast",
    ]
    epochs_to_1_percent: Annotated[
        int,
        "a bound, not a forecast: at `best_learning_rate`, no target needs more epochs until 1 % of the gap is left",
    ]
    trace: Annotated[float, As(hidden=True)]


class Numbers(Protocol):
    """(n,) numbers that are read by slices."""

    def __getitem__(self, rows: slice, /) -> npt.NDArray[Any]: ...


def gram(chunks: Iterable[npt.NDArray[Any]], width: int, bias: bool, weights: Numbers | None = None) -> Floats:
    """H = (2/n) ZᵀZ, (width [+ 1], width [+ 1]) float64, from chunks (n_rows, width) of the design; with `weights` (n,)
    of the rows, (2/n) Zᵀ diag(weights) Z."""
    total = np.zeros((width + int(bias), width + int(bias)))
    rows = 0
    for chunk in chunks:
        design = np.ones((len(chunk), width + int(bias)))
        design[:, :width] = chunk
        weighed = design if weights is None else design * np.asarray(weights[rows : rows + len(design)])[:, None]
        total += design.T @ weighed
        rows += len(design)
    return 2 / max(rows, 1) * total


def curvature(hessian: Floats) -> Curvature | None:
    """Eigenvalues and what follows from them; None where the design is all zeros or not finite."""
    if not np.isfinite(hessian).all() or not hessian.any():
        return None
    eigenvalues = np.linalg.eigvalsh(hessian)
    largest = float(eigenvalues[-1])
    # directions flatter than rounding can tell from flat do not converge at all: they are left out
    flat = largest * len(hessian) * np.finfo(np.float64).eps
    told = eigenvalues[eigenvalues > flat]
    if not len(told) or not math.isfinite(largest):  # near the greatest number
        return None
    smallest = float(told[0])
    condition = largest / smallest
    return Curvature(
        lambda_max=largest,
        lambda_min=smallest,
        condition_number=condition,
        stable_learning_rate=2 / largest,
        best_learning_rate=2 / (largest + smallest),
        epochs_to_1_percent=epochs_to(0.01, condition),
        trace=float(np.trace(hessian)),
    )


def epochs_to(share: float, condition_number: float) -> int:
    """Steps of full-batch descent at the best rate until `share` of the first gap to the optimum is left.

    Each step contracts the distance in weights by (κ - 1)/(κ + 1), and so the loss by its square.
    """
    if condition_number <= 1:
        return 1
    logarithm = -2 * math.atanh(1 / condition_number)  # of (κ - 1)/(κ + 1), however near 0 or 1 that is
    return max(1, math.ceil(math.log(share) / (2 * logarithm)))
