"""The epoch: tile by tile, batch by batch, without Python in between.

A batch wider than a tile is done in several; its gradient is their sum, and the step follows the last. A call goes on
from any tile to any other, and what it leaves behind is in its arguments: so the results do not depend on where an epoch
was interrupted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workers.training.engines.fused.compiled import entry
from workers.training.engines.fused.layers import backward, forward, gather
from workers.training.engines.fused.layout import Floats32, Ints, Layers, Workspace
from workers.training.engines.fused.losses import differentiate, gather_targets
from workers.training.engines.fused.optimizers import Moments, Rule, step


class Rows(NamedTuple):
    """What is learnt from: `inputs` (n, m), `targets` (n, k) or class numbers (n, 1), `weights` (n,) or empty."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32


class Objective(NamedTuple):
    """A loss by its number in LOSSES, and the quantile of the pinball."""

    loss: int
    quantile: np.float32


@entry
def advance(
    layers: Layers, objective: Objective, rule: Rule, rows: Rows, order: Ints, batch_size: int, begin: int, end: int,
    parameters: Floats32, moments: Moments, taken: int, work: Workspace, total: np.float64,
) -> tuple[int, int, np.float64]:  # fmt: skip
    """Train on from row `begin` of the order to the first tile that ends at or after row `end`.

    `taken` steps were made before; `total` is the sum of weight·loss so far. Returns the three as they are then. An
    empty `order` takes the rows as they lie.
    """
    n_rows, width = len(rows.inputs), work.values.shape[1]
    n_layers = len(layers.weights)
    n_outputs, scores = layers.sizes[n_layers], layers.rows[n_layers]
    position = begin
    while position < end:
        batch_start = position - position % batch_size
        batch_end = min(batch_start + batch_size, n_rows)
        n = min(width, batch_end - position)
        gather(rows.inputs, order, position, n, work.values)
        gather_targets(rows.targets, rows.weights, order, position, n, batch_end - batch_start, work)
        forward(layers, parameters, work, True)
        share = differentiate(objective.loss, objective.quantile, work, scores, n_outputs)
        total += share * (batch_end - batch_start)
        backward(layers, parameters, work, position > batch_start)
        position += n
        if position == batch_end:
            taken += 1
            step(rule, layers, parameters, moments, work, taken)
    return position, taken, total


@entry
def evaluate(
    layers: Layers, objective: Objective, rows: Rows, order: Ints, begin: int, end: int, parameters: Floats32,
    work: Workspace,
) -> np.float64:  # fmt: skip
    """The sum of weight·loss over the rows from `begin` to `end`, as they lie (`order` is empty)."""
    width = work.values.shape[1]
    n_layers = len(layers.weights)
    n_outputs, scores = layers.sizes[n_layers], layers.rows[n_layers]
    total = 0.0
    for position in range(begin, end, width):
        n = min(width, end - position)
        gather(rows.inputs, order, position, n, work.values)
        gather_targets(rows.targets, rows.weights, order, position, n, 1, work)
        forward(layers, parameters, work, False)
        total += differentiate(objective.loss, objective.quantile, work, scores, n_outputs)
    return total
