"""The learning rate of each descent: safe by the curvature that its steps meet, and calm enough for the tolerance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.descent.curvature import Curvature, epochs_to
from service.domain.descent.rates import flatness
from service.domain.jobs.comparison import ComparisonSpec
from service.domain.spec.auto import is_bowl
from service.errors import WorkFailed
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices
from workers.training.design import scaled_curvature


@dataclass(frozen=True, slots=True)
class Terrain:
    """What descent meets on this design: its curvature, and the largest that a single row has, 2‖z‖²."""

    curvature: Curvature
    steepest_row: float
    rows: int

    def steepness(self, batch_size: int) -> float:
        """S such that steps of this many rows stay stable below 2/S.

        With all rows S = λmax. With b of them, descent is stable in mean square for S = λmax + R/b, as the mean of a
        batch's squared Hessian is at most S·H (R the steepest row's; Bach & Moulines 2013, 2). And no batch is steeper
        than its steepest row, or than n/b times all rows.
        """
        largest = self.curvature.lambda_max
        if batch_size >= self.rows:
            return largest
        return min(largest + self.steepest_row / batch_size, self.steepest_row, largest * self.rows / batch_size)


@dataclass(frozen=True, slots=True)
class LossRange:
    """The losses that descent goes from and to: of always predicting the mean, and the lowest possible."""

    baseline: float
    least: float


def survey(prepared: Prepared, bias: bool) -> Terrain:
    """The terrain of the design that the network reads. Raises WorkFailed where it is flat."""
    found = scaled_curvature(prepared, bias)
    if found is None:
        raise WorkFailed(
            "features_constant", "all features are zero, or too large for float32: there is nothing to learn from"
        )
    inputs = prepared.train.inputs
    pieces = (inputs[rows].astype(np.float64) for rows in slices(*inputs.shape))
    longest = max(float(np.max(np.sum(piece**2, axis=1))) for piece in pieces)
    return Terrain(found, 2 * (longest + int(bias)), len(inputs))


def stable_learning_rate(spec: ComparisonSpec, terrain: Terrain, batch_size: int) -> float:
    """Below it the descent cannot diverge (behind a hidden layer: a guide)."""
    return 2 / (flatness(spec.loss) * terrain.steepness(batch_size))


def learning_rate(spec: ComparisonSpec, terrain: Terrain, batch_size: int, losses: LossRange | None) -> float:
    """The rate asked for; for `auto` half the stable one, a quarter behind a hidden layer, but for two cases.

    A bowl's batch descent has the best constant rate when that arrives within the epochs: it is at the edge of what is
    stable, and the steep directions would else swing for longer than there is time (Boyd & Vandenberghe 2004, 9.3).
    Steps of b < n rows are noisy, and a constant rate η ends η·trace(H)·L*/2b above the least loss L* (Bottou, Curtis &
    Nocedal 2018, 4.2): where a bowl's `losses` are known, η is at most what makes this half of the tolerance.
    """
    if spec.learning_rate != "auto":
        return spec.learning_rate
    found, is_batch, bowl = terrain.curvature, batch_size >= terrain.rows, is_bowl(spec.training("none"))
    if is_batch and bowl and epochs_to(spec.tolerance, found.condition_number) <= spec.epochs:
        return found.best_learning_rate
    rate = stable_learning_rate(spec, terrain, batch_size) / (2 if spec.network.kind == "linear" else 4)
    if is_batch or not bowl or losses is None or not losses.baseline > losses.least > 0:
        return rate
    calm = spec.tolerance * (losses.baseline - losses.least) * batch_size / (losses.least * found.trace)
    return min(rate, calm)
