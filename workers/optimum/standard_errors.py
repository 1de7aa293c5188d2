"""Standard errors of maximum likelihood, from the observed information: the Hessian at the optimum."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cholesky
from scipy.linalg.lapack import dpotri

from service.domain.arrays import Floats
from workers.optimum.losses import squared
from workers.optimum.newton import without_gauge
from workers.optimum.passes import Basis, Penalty, evaluate
from workers.training.data.rows import DesignRows

THIN = 0.5  # of what all rows are along a direction: some of them that are less there do not stand for all


def inverse(hessian: Floats, outputs: int) -> tuple[Floats, float] | None:
    """Inverse of a Hessian (k·r, k·r), with what softmax does not see added as its mean curvature; and its condition
    number in the 1-norm. None where it has none."""
    matrix = without_gauge(hessian, outputs, _size(hessian))
    try:
        root = cholesky(matrix, lower=True)
    except LinAlgError:
        return None
    lower = np.tril(dpotri(root, lower=1)[0])
    whole: Floats = lower + np.tril(lower, -1).T
    return whole, float(np.linalg.norm(matrix, 1) * np.linalg.norm(whole, 1))


def spread(hessian: Floats, inverted: Floats, basis: Floats, rows: int, outputs: int) -> list[Floats]:
    """For each class a root (w, r) of the covariance of its weights."""
    width = len(inverted) // outputs
    roots = []
    for number in range(outputs):
        own = slice(number * width, (number + 1) * width)
        block = inverted[own, own]
        if outputs > 1:  # what the gauge put there is taken out again: errors are those of classes that sum to 0
            block = block - np.eye(width) / (outputs * _size(hessian))
        values, vectors = np.linalg.eigh(block / rows)
        roots.append(basis @ (vectors * np.sqrt(np.maximum(values, 0))))
    return roots


def stand_for_all(rows: DesignRows, basis: Basis, every: int) -> bool:
    """Whether every n-th row tells of each direction of a basis in which all rows spread alike: not where a column has
    few rows that differ."""
    free, start = Penalty(np.zeros(rows.width)), np.zeros((basis.matrix.shape[1], 1))
    products = evaluate(rows, squared, free, start, basis, every).hessian / 2
    return bool(np.linalg.eigvalsh(products)[0] > THIN)


def _size(hessian: Floats) -> float:
    return float(np.mean(np.diag(hessian))) or 1.0
