"""A window of rows, dealt out: some of its groups at a time are copied to memory that the processor's cache holds.

There the rows can come in any order at no cost; in a large table each would be a miss of every cache. What is copied
are short runs of neighbours, and the next ones are asked for meanwhile. `workers.training.order` says what order that
is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import kernel
from workers.kernels.layout import LANES, EpochRows, readonly
from workers.kernels.vectors import ask_for

GROUPS = 512  # in a hand
AHEAD = 8  # groups between the one that is copied and the one that is asked for


class Deal(NamedTuple):
    """Which rows of a window are dealt: `n_rows` in blocks from `starts` on, each of 2^`shift` groups of `group_rows`;
    `groups` is their order, and `key` what their rows are shuffled by. Without groups nothing is dealt."""

    starts: Integers
    groups: Integers
    shift: int
    group_rows: int
    n_rows: int
    key: np.uint64


class Hand(NamedTuple):
    """Memory for the rows of some groups, and for their order."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32
    places: Integers


@kernel
def take(rows: EpochRows, deal: Deal, first: int, count: int, hand: Hand) -> None:
    """Copy the `count` rows that come from place `first` of the window on, as they lie within their groups."""
    inputs, targets, weights = rows.inputs, rows.targets, rows.weights
    at, group = 0, first // deal.group_rows
    while at < count:
        following = group + AHEAD
        if following < len(deal.groups):
            _expect(inputs, targets, deal, following)
        start = _start(deal, group)
        n = min(deal.group_rows, count - at)
        for k in range(n * inputs.shape[1]):  # on into the rows that follow: one loop, over memory as it lies
            hand.inputs[at, k] = inputs[start, k]
        for k in range(n * targets.shape[1]):
            hand.targets[at, k] = targets[start, k]
        if len(weights) > 0:
            for i in range(n):
                hand.weights[at + i] = weights[start + i]
        at += n
        group += 1


@kernel
def _start(deal: Deal, group: int) -> int:
    """Where the rows of a group lie."""
    chosen = deal.groups[group]
    start: int = deal.starts[chosen >> deal.shift] + (chosen & ((1 << deal.shift) - 1)) * deal.group_rows
    return start


@kernel
def _expect(inputs: Floats32, targets: Floats32, deal: Deal, group: int) -> None:
    start = _start(deal, group)
    stop = min(start + deal.group_rows, len(inputs))
    for row in range(start, stop):
        for column in range(0, inputs.shape[1], LANES):
            ask_for(inputs, row, column)
    ask_for(targets, start, 0)


def hand_for(deal: Deal, n_inputs: int, n_targets: int, weighs: bool) -> tuple[Hand, Hand]:
    """Memory to deal rows into, and the same to be read."""
    rows = GROUPS * deal.group_rows
    return _hand(rows, n_inputs, n_targets, rows if weighs else 0)


def _hand(rows: int, n_inputs: int, n_targets: int, n_weights: int) -> tuple[Hand, Hand]:
    hand = Hand(
        np.empty((rows, n_inputs), dtype=np.float32),
        np.empty((rows, n_targets), dtype=np.float32),
        np.empty(n_weights, dtype=np.float32),
        np.empty(rows, dtype=np.int64),
    )
    return hand, Hand(*(readonly(memory) for memory in hand))


NO_HAND = _hand(0, 0, 0, 0)
