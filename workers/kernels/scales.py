"""The scaling layer: a factor of each input that is learned, as weights are but by a rate of its own.

It is no layer of the network: the first layer's weights are held as what they are together with the factors, W∘s, and
are taken apart for the step alone. So nothing that reads a network knows of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import ZERO, kernel
from workers.kernels.layout import INPUTS, OUTPUTS

FASTER = np.float32(6)  # the factors' learning rate by that of weights (Holzmüller et al. 2024, RealMLP)
LEAST_FACTOR = np.float32(0.01)


class Scales(NamedTuple):
    """The factors of the inputs, member by member, their gradient, and averages as in `Weights`; empty: none."""

    factors: Floats32
    gradient: Floats32
    first: Floats32
    second: Floats32


@kernel
def take_apart(layers: Integers, members: int, parameters: Floats32, gradient: Floats32, scales: Scales) -> None:
    """From W∘s, which the layers hold, and G = ∂L/∂(W∘s) to W, G∘s for it and Σⱼ W[j, k]·G[j, k] for s[k]."""
    n_inputs, rows, of_member = _first_layers(layers, members)
    for i in range(len(scales.gradient)):
        scales.gradient[i] = ZERO
    for row in range(rows):
        at, start = row // of_member * n_inputs, row * n_inputs
        for k in range(n_inputs):
            factor = scales.factors[at + k]
            w, g = parameters[start + k] / factor, gradient[start + k]
            parameters[start + k] = w
            gradient[start + k] = g * factor
            scales.gradient[at + k] += w * g


@kernel
def put_together(layers: Integers, members: int, parameters: Floats32, scales: Scales) -> None:
    """W∘s from W; no factor is so small that W could not be had back from it."""
    n_inputs, rows, of_member = _first_layers(layers, members)
    for i in range(len(scales.factors)):
        scales.factors[i] = max(scales.factors[i], LEAST_FACTOR)
    for row in range(rows):
        at, start = row // of_member * n_inputs, row * n_inputs
        for k in range(n_inputs):
            parameters[start + k] *= scales.factors[at + k]


@kernel
def _first_layers(layers: Integers, members: int) -> tuple[int, int, int]:
    """Of all members' first layers, which lie at the start of the parameters: their inputs, and how many rows of
    weights there are, of all and of one."""
    is_joint = len(layers) % members > 0
    rows = layers[0, OUTPUTS] * (1 if is_joint else members)
    return layers[0, INPUTS], rows, rows // members
