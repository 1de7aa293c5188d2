"""What the members of an ensemble say together, as the scores of one network (`service.domain.model.probabilities`).

The mean of their scores; of classes the scores of the mean of their probabilities, as logs throughout: where a member
is certain, its probability of another class is below what float32 holds.
"""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import ONE, ZERO, kernel
from workers.kernels.elementary import exp_of_negative, log1p_of_share
from workers.kernels.layout import INTO, OUTPUTS, Workspace
from workers.kernels.losses import HIGHEST, LOG_ODDS, SOFTMAX, SUM


@kernel
def pool(loss: int, members: int, layers: Integers, work: Workspace) -> None:
    """Put the members' common scores where those of the first are; those of the others, and deltas, are used up."""
    values, scratch, lanes = work.values, work.deltas, work.lanes
    last = len(layers) % members + len(layers) // members - 1
    row, n_outputs = layers[last, INTO], layers[last, OUTPUTS]
    if loss == SOFTMAX:
        for member in range(members):
            _log_softmax(values, row + member * n_outputs, n_outputs, lanes)
        for j in range(n_outputs):
            _log_sum(values, row + j, n_outputs, members, lanes)
    elif loss == LOG_ODDS:
        for at in range(row, row + members):
            for i in range(values.shape[1]):
                z = values[at, i]
                tail = log1p_of_share(exp_of_negative(-abs(z)))
                values[at, i] = (z if z < ZERO else ZERO) - tail  # the log of the second class's probability
                scratch[at, i] = (ZERO if z < ZERO else -z) - tail
        _log_sum(values, row, 1, members, lanes)
        _log_sum(scratch, row, 1, members, lanes)
        for i in range(values.shape[1]):
            values[row, i] -= scratch[row, i]
    else:
        share = ONE / np.float32(members)
        for j in range(row, row + n_outputs):
            for member in range(1, members):
                for i in range(values.shape[1]):
                    values[j, i] += values[j + member * n_outputs, i]
            for i in range(values.shape[1]):
                values[j, i] *= share


@kernel
def _log_softmax(values: Floats32, row: int, size: int, lanes: Floats32) -> None:
    """z - log Σ exp(z) over `size` rows from `row`, in place."""
    for i in range(values.shape[1]):
        lanes[HIGHEST, i] = values[row, i]
        lanes[SUM, i] = ZERO
    for j in range(row + 1, row + size):
        for i in range(values.shape[1]):
            z = values[j, i]
            lanes[HIGHEST, i] = lanes[HIGHEST, i] if z < lanes[HIGHEST, i] else z
    for j in range(row, row + size):
        for i in range(values.shape[1]):
            lanes[SUM, i] += exp_of_negative(values[j, i] - lanes[HIGHEST, i])
    for i in range(values.shape[1]):
        lanes[SUM, i] = np.log(lanes[SUM, i])
    for j in range(row, row + size):
        for i in range(values.shape[1]):
            values[j, i] = values[j, i] - lanes[HIGHEST, i] - lanes[SUM, i]


@kernel
def _log_sum(logs: Floats32, row: int, apart: int, members: int, lanes: Floats32) -> None:
    """The log of the sum of the exponentials of `members` rows, `apart` from each other, in the first."""
    for i in range(logs.shape[1]):
        lanes[HIGHEST, i] = logs[row, i]
        lanes[SUM, i] = ZERO
    for member in range(1, members):
        for i in range(logs.shape[1]):
            z = logs[row + member * apart, i]
            lanes[HIGHEST, i] = lanes[HIGHEST, i] if z < lanes[HIGHEST, i] else z
    for member in range(members):
        for i in range(logs.shape[1]):
            lanes[SUM, i] += exp_of_negative(logs[row + member * apart, i] - lanes[HIGHEST, i])
    for i in range(logs.shape[1]):
        logs[row, i] = lanes[HIGHEST, i] + np.log(lanes[SUM, i])
