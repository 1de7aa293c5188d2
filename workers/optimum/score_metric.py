"""A metric in which the Hessian of a loss of linear scores is near 1, without the Hessian.

Scores tell all that the curvature of a row depends on. Along directions in which the scores do not change, it has
nothing to do with where a row lies, where columns are normally distributed: the Hessian is A ⊗ 1 there, A the mean
curvature in the scores. Along the few that the scores are made of, it is small enough to be gathered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Floats
from workers.optimum.effort import LEAST_SAMPLE, ROWS_IN_METRIC
from workers.optimum.losses import LocalLoss
from workers.optimum.newton import without_gauge
from workers.optimum.passes import Basis, Penalty, evaluate
from workers.training.data.rows import DesignRows, thinned

FLATTEST = 1e-3  # of the mean curvature: less is left as it is
SAME = 1e-6  # of the longest direction: less is no direction of its own


@dataclass(frozen=True, slots=True)
class ScoreMetric:
    """A symmetric root of the inverse: `inner` (k·q, k·q) within orthonormal `directions` (r, q), `outer` (k, k) beyond
    them."""

    directions: Floats
    inner: Floats
    outer: Floats

    def __matmul__(self, of_outputs: Floats) -> Floats:
        """(k·r,) of (k·r,)."""
        by_output = of_outputs.reshape(len(self.outer), -1)
        within = by_output @ self.directions
        beyond = self.outer @ (by_output - within @ self.directions.T)
        found: Floats = beyond + (self.inner @ within.reshape(-1)).reshape(within.shape) @ self.directions.T
        return found.reshape(-1)

    @property
    def T(self) -> ScoreMetric:  # as arrays have it
        return self


def score_metric(rows: DesignRows, loss: LocalLoss, penalty: Penalty, weights: Floats, basis: Basis) -> ScoreMetric:
    """At `weights` (r, k), from some of the rows, in a basis in which they spread alike."""
    outputs, mapped = weights.shape[1], basis.matrix @ weights
    some = thinned(rows, max(1, rows.count // max(LEAST_SAMPLE, ROWS_IN_METRIC * outputs * (outputs + 1))))
    mean, middle = np.zeros((outputs, outputs)), np.zeros(rows.width)
    for design, target, counts in some.pieces():
        local = loss(design @ mapped, target)
        middle += design.sum(axis=0)
        for number in range(outputs):
            turned = local.curved(np.broadcast_to(np.eye(outputs)[number], (len(design), outputs)))
            mean[number] += turned.sum(axis=0) if counts is None else counts @ turned
    # what the scores are made of, and a constant for all rows
    columns = np.column_stack([weights, basis.matrix.T @ middle / some.count])
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    directions = left[:, sizes > SAME * sizes.max(initial=0)]
    small = Basis(basis.matrix @ directions, gentle=False)
    inner = evaluate(some, loss, penalty, directions.T @ weights, small).hessian
    gauge = float(np.trace(mean)) / some.count / outputs
    outer = mean / some.count + np.eye(outputs) * _mean_penalty(penalty, basis)
    return ScoreMetric(directions, _inverse_root(without_gauge(inner, outputs, gauge)), _inverse_root(outer))


def _mean_penalty(penalty: Penalty, basis: Basis) -> float:
    """The curvature that a penalty has on average over the directions of the basis."""
    return float(np.sum(penalty.l2[:, None] * basis.matrix**2) / basis.matrix.shape[1])


def _inverse_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    size = float(values.mean()) or 1.0
    kept = np.where(values > FLATTEST * size, values, size)
    found: Floats = (vectors / np.sqrt(kept)) @ vectors.T
    return found
