"""A tile's rows, taken from the table in their order and laid out as the layers read them: neurons by rows of data.

Indices are unsigned: whether a signed one counts from the end would be asked for each number, which takes as long as
copying it.
"""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import ONE, ZERO, kernel
from workers.kernels.losses import SHARE
from workers.kernels.vectors import BLOCK, transpose_block

COLUMNS = 32  # of inputs that are gathered at once: the lines of the cache that are written stay in it until full


@kernel
def gather(inputs: Floats32, order: Integers, start: int, rows: int, values: Floats32) -> None:
    """A₀[k, i] = inputs[order[start + i], k], and 0 beyond `rows`. An empty `order` takes the rows as they lie.

    Blocks of rows and columns are transposed in vectors; what is left of either is copied number by number.
    """
    n_inputs, width = inputs.shape[1], values.shape[1]
    whole = rows - rows % BLOCK if n_inputs >= BLOCK else 0
    for left in range(0, n_inputs, COLUMNS):
        right = min(left + COLUMNS, n_inputs)
        single = right - (right - left) % BLOCK
        for i in range(0, whole, BLOCK):
            of = (
                _row(order, start, i), _row(order, start, i + 1), _row(order, start, i + 2), _row(order, start, i + 3),
                _row(order, start, i + 4), _row(order, start, i + 5), _row(order, start, i + 6),
                _row(order, start, i + 7),
            )  # fmt: skip
            for k in range(left, single, BLOCK):
                transpose_block(inputs, of, k, values, i)
            for j in range(BLOCK):
                _copy(inputs, of[j], single, right, values, i + j)
        for i in range(whole, rows):
            _copy(inputs, _row(order, start, i), left, right, values, i)
    for k in range(n_inputs):
        for i in range(rows, width):
            values[k, i] = ZERO


@kernel
def _row(order: Integers, start: int, i: int) -> int:
    """Where row `i` of the tile lies."""
    place: int = order[np.uint64(start + i)] if len(order) > 0 else start + i
    return place


@kernel
def _copy(inputs: Floats32, row: int, left: int, right: int, values: Floats32, at: int) -> None:
    """Some columns of a row into column `at` of the values."""
    for k in range(left, right):
        values[np.uint64(k), np.uint64(at)] = inputs[np.uint64(row), np.uint64(k)]


@kernel
def gather_targets(
    targets: Floats32, weights: Floats32, order: Integers, start: int, rows: int, batch_rows: int, aims: Floats32,
    lanes: Floats32,
) -> None:  # fmt: skip
    """The tile's targets, and each row's share in its batch's loss. No `weights`: all 1; no `order`: as they lie."""
    width = aims.shape[1]
    even = ONE / np.float32(batch_rows)
    for i in range(width):
        lanes[SHARE, i] = even if i < rows else ZERO
    if len(weights) > 0:
        for i in range(rows):
            lanes[SHARE, i] *= weights[np.uint64(_row(order, start, i))]
    for j in range(targets.shape[1]):
        for i in range(rows):
            aims[np.uint64(j), np.uint64(i)] = targets[np.uint64(_row(order, start, i)), np.uint64(j)]
        for i in range(rows, width):
            aims[j, i] = ZERO
