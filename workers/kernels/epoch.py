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
from workers.kernels.layout import INTO, OUTPUTS, EpochRows, Workspace
from workers.kernels.losses import differentiate
from workers.kernels.optimizers import Rule, Weights, step
from workers.kernels.permute import mixed, shuffle
from workers.kernels.pool import pool


class Objective(NamedTuple):
    """The hidden layers' activation and the loss, as the numbers that `layers` and `losses` give them; the pinball's
    quantile; the share of a row's class that is spread over all."""

    activation: int
    loss: int
    quantile: np.float32
    label_smoothing: np.float32


class Epoch(NamedTuple):
    """What stays the same from the first batch to the last: the table of the layers of all `members`, the objective,
    the rule of the steps; `n_rows` in batches of `batch_size`. Where it does not learn, only the losses are taken, of
    what the members say together."""

    layers: Integers
    objective: Objective
    rule: Rule
    n_rows: int
    batch_size: int
    learns: bool
    members: int


class EpochPiece(NamedTuple):
    """Rows of the epoch, as in `EpochRows`: those in `order`, as they are dealt where the deal has groups, or all of
    them as they lie."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32
    order: Integers
    deal: Deal


Reached = tuple[int, int, float]
"""How far the epoch has come: the row that is next, the steps that were ever made, the sum of weight·loss so far."""


class Stretch(NamedTuple):
    """Rows that are there, those of the epoch from `start` to `stop`, in this order. Of rows in far memory the next
    ones are asked for."""

    rows: EpochRows
    order: Integers
    is_far: bool
    start: int
    stop: int


@entry
def advance(
    epoch: Epoch, piece: EpochPiece, start: int, end: int, reached: Reached, weights: Weights, work: Workspace,
    hand: Hand, seen: Hand,
) -> Reached:  # fmt: skip
    """Go on to the first tile that ends at or after row `end` of the epoch.

    The piece begins at the epoch's row `start`. A tile does not go beyond the piece, a batch may: it goes on with the
    next. What is dealt is dealt into `hand`; `seen` is the same memory to be read.
    """
    rows, deal = EpochRows(piece.inputs, piece.targets, piece.weights), piece.deal
    if len(deal.groups) == 0:
        stop = start + (len(piece.order) if len(piece.order) > 0 else len(rows.inputs))
        return _go_on(epoch, Stretch(rows, piece.order, True, start, stop), end, reached, weights, work)
    span, dealt = len(hand.places), EpochRows(seen.inputs, seen.targets, seen.weights)
    while reached[0] < end:
        first = (reached[0] - start) // span * span
        count = min(span, deal.n_rows - first)
        take(rows, deal, first, count, hand)
        shuffle(mixed(np.uint64(deal.key + np.uint64(first))), hand.places, count)
        stretch = Stretch(dealt, seen.places, False, start + first, start + first + count)
        reached = _go_on(epoch, stretch, min(end, stretch.stop), reached, weights, work)
    return reached


@kernel
def _go_on(epoch: Epoch, stretch: Stretch, end: int, reached: Reached, weights: Weights, work: Workspace) -> Reached:
    """`advance` within rows that are there."""
    layers, objective, n_rows, batch_size = epoch.layers, epoch.objective, epoch.n_rows, epoch.batch_size
    rows, order, parameters = stretch.rows, stretch.order, weights.parameters
    width = work.values.shape[1]
    members, joint, n_own = epoch.members, len(layers) % epoch.members, len(layers) // epoch.members
    position, taken, total = reached
    while position < end:
        batch_start = position - position % batch_size
        batch_end = min(batch_start + batch_size, n_rows)
        n = min(width, batch_end - position, stretch.stop - position)
        at = position - stretch.start
        gather(rows.inputs, order, at, n, work.values)
        gather_targets(rows.targets, rows.weights, order, at, n, batch_end - batch_start, work.targets, work.lanes)
        if stretch.is_far:
            fetch(rows.inputs, rows.targets, order, at + n, width)
        share = 0.0
        if joint:
            forward(layers, 0, joint, objective.activation, parameters, work.values, work.slopes)
        for first in range(joint, len(layers), n_own):
            stop = first + n_own
            forward(layers, first, stop, objective.activation, parameters, work.values, work.slopes)
            if epoch.learns:
                share += _differentiate(objective, layers, stop - 1, work)
                backward(layers, first, stop, objective.activation, parameters, work, position > batch_start)
        if epoch.learns:
            if joint:
                backward(layers, 0, joint, objective.activation, parameters, work, position > batch_start)
            total += share * (batch_end - batch_start) / members
            if position + n == batch_end:
                taken += 1
                step(epoch.rule, layers, members, weights, work.gradient, taken)
        else:
            if members > 1:
                pool(objective.loss, members, layers, work)
            total += _differentiate(objective, layers, joint + n_own - 1, work) * (batch_end - batch_start)
        position += n
    return position, taken, total


@kernel
def _differentiate(objective: Objective, layers: Integers, last: int, work: Workspace) -> float:
    """The tile's share in the batch's loss, and the deltas of the scores that layer `last` gives."""
    return differentiate(
        objective.loss, objective.quantile, objective.label_smoothing, work.values, work.targets, layers[last, INTO],
        layers[last, OUTPUTS], work.deltas, work.lanes,
    )  # fmt: skip
