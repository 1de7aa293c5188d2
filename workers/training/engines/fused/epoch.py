"""The epoch: tile by tile, batch by batch, without Python in between.

A batch wider than a tile is done in several; its gradient is their sum, and the step follows the last. A call goes on
from any tile to any other, and what it leaves behind is in its arguments: so the results do not depend on where an
epoch was interrupted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workers.training.engines.fused.compiled import entry
from workers.training.engines.fused.layers import backward, forward, gather
from workers.training.engines.fused.layout import INPUTS, OUTPUTS, ROW, Floats32, Ints, Workspace
from workers.training.engines.fused.losses import differentiate, gather_targets
from workers.training.engines.fused.optimizers import Moments, Rule, step


class Rows(NamedTuple):
    """What is learnt from: `inputs` (n, m), `targets` (n, k) or class numbers (n, 1), `weights` (n,) or empty."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32


class Objective(NamedTuple):
    """The hidden layers' activation and the loss, as numbers in ACTIVATIONS and LOSSES; the pinball's quantile."""

    activation: int
    loss: int
    quantile: np.float32


@entry
def advance(
    layers: Ints, objective: Objective, rule: Rule, rows: Rows, order: Ints, batch_size: int, learn: bool, begin: int,
    end: int, parameters: Floats32, moments: Moments, taken: int, work: Workspace, total: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Go on from row `begin` of the order to the first tile that ends at or after row `end`; without `learn` only the
    losses are taken.

    `taken` steps were made before; `total` is the sum of weight·loss so far. Returns the three as they are then. An
    empty `order` takes the rows as they lie.
    """
    inputs, targets, weights, first, second = rows.inputs, rows.targets, rows.weights, moments.first, moments.second
    values, deltas, slopes, aims, lanes = work.values, work.deltas, work.slopes, work.targets, work.lanes
    gradient, products = work.gradient, work.products
    loss, quantile, activation = objective.loss, objective.quantile, objective.activation
    n_rows, width = len(order) if len(order) > 0 else len(inputs), values.shape[1]
    n_outputs, scores = layers[-1, OUTPUTS], layers[-1, ROW] + layers[-1, INPUTS]
    position = begin
    while position < end:
        batch_start = position - position % batch_size
        batch_end = min(batch_start + batch_size, n_rows)
        n = min(width, batch_end - position)
        gather(inputs, order, position, n, values)
        gather_targets(targets, weights, order, position, n, batch_end - batch_start, aims, lanes)
        forward(layers, activation, parameters, values, slopes)
        share = differentiate(loss, quantile, values, aims, scores, n_outputs, deltas, lanes)
        total += share * (batch_end - batch_start)
        if learn:
            backward(layers, activation, parameters, values, slopes, deltas, products, gradient, position > batch_start)
            if position + n == batch_end:
                taken += 1
                step(rule, layers, parameters, gradient, first, second, taken)
        position += n
    return position, taken, total
