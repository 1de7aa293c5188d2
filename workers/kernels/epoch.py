"""The epoch: tile by tile, batch by batch, without Python in between.

A batch wider than a tile is done in several; its gradient is their sum, and the step follows the last. A call goes on
from any tile to any other, and what it leaves behind is in its arguments: so the results do not depend on where an
epoch was interrupted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import entry, kernel
from workers.kernels.deal import Deal, Hand, take
from workers.kernels.fetch import fetch
from workers.kernels.gather import gather, gather_targets
from workers.kernels.layers import backward, forward
from workers.kernels.layout import INPUTS, OUTPUTS, ROW, Workspace
from workers.kernels.losses import differentiate
from workers.kernels.optimizers import OptimizerMoments, Rule, step
from workers.kernels.permute import mixed, shuffle


class EpochRows(NamedTuple):
    """What is learnt from: `inputs` (n, m), `targets` (n, k) or class numbers (n, 1), `weights` (n,) or empty."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32


class Objective(NamedTuple):
    """The hidden layers' activation and the loss, as the numbers that `layers` and `losses` give them; the pinball's
    quantile."""

    activation: int
    loss: int
    quantile: np.float32


@entry
def advance(
    layers: Integers, objective: Objective, rule: Rule, rows: EpochRows, order: Integers, deal: Deal, hand: Hand,
    seen: Hand, offset: int, n_rows: int, batch_size: int, learn: bool, begin: int, end: int, parameters: Floats32,
    moments: OptimizerMoments, taken: int, work: Workspace, total: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Go on from row `begin` of the epoch to the first tile that ends at or after row `end`; without `learn` only the
    losses are taken.

    `order` is a piece of the epoch's, the one that starts at its row `offset`; an empty one takes the `rows` as they
    lie, as such a piece; and where a `deal` is made, its window is that piece (`hand` is memory for it, `seen` the same
    memory to be read). A tile does not go beyond the piece, a batch may: it goes on with the next. The epoch has
    `n_rows`. `taken` steps were made before; `total` is the sum of weight·loss so far. Returns `begin`, `taken` and
    `total` as they are then.
    """
    if len(deal.groups) == 0:
        stop = offset + (len(order) if len(order) > 0 else len(rows.inputs))
        return _go_on(
            layers, objective, rule, rows.inputs, rows.targets, rows.weights, order, True, offset, stop, n_rows,
            batch_size, learn, begin, end, parameters, moments, taken, work, total,
        )  # fmt: skip
    position, span = begin, len(hand.places)
    while position < end:
        first = (position - offset) // span * span
        count = min(span, deal.n_rows - first)
        take(rows.inputs, rows.targets, rows.weights, deal, first, count, hand.inputs, hand.targets, hand.weights)
        shuffle(mixed(np.uint64(deal.key + np.uint64(first))), hand.places, count)
        position, taken, total = _go_on(
            layers, objective, rule, seen.inputs, seen.targets, seen.weights, seen.places, False, offset + first,
            offset + first + count, n_rows, batch_size, learn, position, min(end, offset + first + count), parameters,
            moments, taken, work, total,
        )  # fmt: skip
    return position, taken, total


@kernel
def _go_on(
    layers: Integers, objective: Objective, rule: Rule, inputs: Floats32, targets: Floats32, weights: Floats32,
    order: Integers, is_far: bool, offset: int, stop: int, n_rows: int, batch_size: int, learn: bool, begin: int,
    end: int, parameters: Floats32, moments: OptimizerMoments, taken: int, work: Workspace, total: float,
) -> tuple[int, int, float]:  # fmt: skip
    """`advance` within rows that are there, those of the epoch from `offset` to `stop`. Where these are in far memory
    (`is_far`), the next ones are asked for."""
    first, second = moments.first, moments.second
    values, deltas, slopes, aims, lanes = work.values, work.deltas, work.slopes, work.targets, work.lanes
    gradient, products = work.gradient, work.products
    loss, quantile, activation = objective.loss, objective.quantile, objective.activation
    width = values.shape[1]
    n_outputs, scores = layers[-1, OUTPUTS], layers[-1, ROW] + layers[-1, INPUTS]
    position = begin
    while position < end:
        batch_start = position - position % batch_size
        batch_end = min(batch_start + batch_size, n_rows)
        n = min(width, batch_end - position, stop - position)
        at = position - offset
        gather(inputs, order, at, n, values)
        gather_targets(targets, weights, order, at, n, batch_end - batch_start, aims, lanes)
        if is_far:
            fetch(inputs, targets, order, at + n, width)
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
