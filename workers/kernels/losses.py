"""Losses of a tile: their value, and ∂L/∂Z of the last layer. The last layer has no activation: its scores are z.

Every row i has its share cᵢ in the batch's loss, L = Σᵢ cᵢ·ℓᵢ with cᵢ = weightᵢ / rows of the batch; 0 beyond the
tile's rows. A regression's ℓᵢ is the sum over its targets.
"""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32
from workers.kernels.compiled import HALF, ONE, ZERO, kernel
from workers.kernels.elementary import TWO, exp_of_negative, log1p_of_share, sigmoid

MSE, MAE, HUBER, QUANTILE, LOG_ODDS, SOFTMAX = range(6)
LOSS_CODES = {"mse": MSE, "mae": MAE, "huber": HUBER, "quantile": QUANTILE, "cross_entropy": SOFTMAX}
OF_TWO_CLASSES = {"cross_entropy": LOG_ODDS}  # with a single score
SHARE, HIGHEST, SUM, TRUE = range(4)  # the lanes


@kernel
def differentiate(
    kind: int, quantile: np.float32, smoothing: np.float32, values: Floats32, aims: Floats32, row: int, n_outputs: int,
    deltas: Floats32, lanes: Floats32,
) -> float:  # fmt: skip
    """Σᵢ cᵢ·ℓᵢ of the tile; the deltas of the scores, which are the `n_outputs` rows from `row`. Raises ValueError for
    a number that is no loss's."""
    if kind == SOFTMAX:
        return _softmax(smoothing, values, aims, row, n_outputs, deltas, lanes)
    if kind == LOG_ODDS:
        return _log_odds(smoothing, values, aims, row, deltas, lanes)
    width = values.shape[1]
    total = 0.0
    for j in range(n_outputs):
        at = row + j
        s = ZERO
        if kind == MSE:  # r², 2r with r = z - y
            for i in range(width):
                r = values[at, i] - aims[j, i]
                c = lanes[SHARE, i]
                s += c * r * r
                deltas[at, i] = c * r * TWO
        elif kind == MAE:  # |r|, sign r
            for i in range(width):
                r = values[at, i] - aims[j, i]
                c = lanes[SHARE, i]
                s += c * abs(r)
                deltas[at, i] = c if r > ZERO else (-c if r < ZERO else ZERO * r)
        elif kind == HUBER:  # r²/2, r where |r| ≤ 1, else |r| - 1/2, sign r
            for i in range(width):
                r = values[at, i] - aims[j, i]
                c = lanes[SHARE, i]
                clipped = ONE if r > ONE else (-ONE if r < -ONE else r)
                s += c * clipped * (r - HALF * clipped)
                deltas[at, i] = c * clipped
        elif kind == QUANTILE:  # the pinball of Koenker & Bassett 1978: q·e where e = y - z ≥ 0, else (q - 1)·e
            for i in range(width):
                e = aims[j, i] - values[at, i]
                c = lanes[SHARE, i]
                slope = quantile if e > ZERO else (quantile - ONE if e < ZERO else ZERO * e)
                s += c * slope * e
                deltas[at, i] = -c * slope
        else:
            raise ValueError("no such loss")
        total += np.float64(s)
    return total


@kernel
def _log_odds(
    smoothing: np.float32, values: Floats32, aims: Floats32, row: int, deltas: Floats32, lanes: Floats32
) -> float:
    """Two classes, z the log-odds of the second: ℓ = max(z, 0) - z·q + log(1 + exp(-|z|)), its derivative σ(z) - q; q
    is the share of the second class in the row's truth."""
    s = ZERO
    low = smoothing * HALF
    span = ONE - smoothing
    for i in range(values.shape[1]):
        z, y, c = values[row, i], low + span * aims[0, i], lanes[SHARE, i]
        positive = ZERO if z < ZERO else z
        s += c * (positive - z * y + log1p_of_share(exp_of_negative(-abs(z))))
        deltas[row, i] = c * (sigmoid(z) - y)
    return np.float64(s)


@kernel
def _softmax(
    smoothing: np.float32, values: Floats32, aims: Floats32, row: int, n_outputs: int, deltas: Floats32, lanes: Floats32
) -> float:
    """Several classes: ℓ = log Σⱼ exp(zⱼ) - Σⱼ qⱼ·zⱼ, its derivative softmax(z)ⱼ - qⱼ; shifted by the highest score.
    qⱼ, the share of class j in the row's truth, is `high` of its own class and `low` of each other."""
    width = values.shape[1]
    low = smoothing / np.float32(n_outputs)
    high = ONE - smoothing + low
    for i in range(width):
        lanes[HIGHEST, i] = values[row, i]
        lanes[SUM, i] = ZERO
        lanes[TRUE, i] = ZERO
    for j in range(1, n_outputs):
        for i in range(width):
            z = values[row + j, i]
            lanes[HIGHEST, i] = lanes[HIGHEST, i] if z < lanes[HIGHEST, i] else z
    for j in range(n_outputs):
        for i in range(width):
            z = values[row + j, i] - lanes[HIGHEST, i]
            e = exp_of_negative(z)
            lanes[SUM, i] += e
            lanes[TRUE, i] += z * (high if aims[0, i] == np.float32(j) else low)
            deltas[row + j, i] = e
    s = 0.0
    for i in range(width):
        s += lanes[SHARE, i] * (np.log(lanes[SUM, i]) - lanes[TRUE, i])
    for j in range(n_outputs):
        for i in range(width):
            true = high if aims[0, i] == np.float32(j) else low
            deltas[row + j, i] = lanes[SHARE, i] * (deltas[row + j, i] / lanes[SUM, i] - true)
    return s
