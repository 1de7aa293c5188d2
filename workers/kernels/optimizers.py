"""Penalties, clipping and the steps of the optimisers, on flat vectors; with torch's constants and torch's order.

g the gradient, w the parameters, η the learning rate, t the number of the step (from 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import ONE, ZERO, kernel
from workers.kernels.layout import BIASES, INPUTS, OUTPUTS, WEIGHTS
from workers.kernels.scales import FASTER, Scales, put_together, take_apart

SGD, ADAM, RMSPROP = range(3)
OPTIMIZER_CODES = {"sgd": SGD, "adam": ADAM, "adamw": ADAM, "rmsprop": RMSPROP}
PLACES = {"momentum": "first", "first_moment": "first", "second_moment": "second"}  # of a state's moments in `Weights`
EPSILON = np.float32(1e-8)  # Kingma & Ba 2015; torch's default
ALPHA = np.float32(0.99)  # of rmsprop; torch's default
CLIP_EPSILON = 1e-6  # as in torch.nn.utils.clip_grad_norm_
TAKE = np.float32(1 - 0.99)


class Rule(NamedTuple):
    """How the weights move: `optimizer` by its number in OPTIMIZER_CODES. `l2` is a penalty, `decay` the decoupled one;
    `clip_norm` 0: no clipping."""

    optimizer: int
    learning_rate: np.float32
    momentum: np.float32
    nesterov: bool
    beta1: float
    beta2: float
    l1: np.float32
    l2: np.float32
    decay: np.float32
    clip_norm: float


class Weights(NamedTuple):
    """What steps change: the parameters and the optimiser's running averages. `first` is momentum or Adam's m, `second`
    Adam's v or rmsprop's. Else empty. Where inputs have factors, the first layers' weights contain them."""

    parameters: Floats32
    first: Floats32
    second: Floats32
    scales: Scales


@kernel
def step(rule: Rule, layers: Integers, members: int, weights: Weights, gradient: Floats32, t: int) -> None:
    """One step from the batch's gradient, which is changed. Raises ValueError for a number that is no optimizer's."""
    parameters, scales = weights.parameters, weights.scales
    if rule.l1 != ZERO or rule.l2 != ZERO:
        _penalise(rule, layers, parameters, gradient)
    if rule.clip_norm > 0:
        if members == 1:
            _clip(rule.clip_norm, gradient)
        else:
            _clip_each(rule.clip_norm, layers, members, gradient)
    if rule.decay != ZERO:
        _decay(rule, layers, parameters)
    if len(scales.factors) > 0:
        take_apart(layers, members, parameters, gradient, scales)
    _move(rule, rule.learning_rate, parameters, gradient, weights.first, weights.second, t)
    if len(scales.factors) > 0:
        faster = np.float32(rule.learning_rate * FASTER)
        _move(rule, faster, scales.factors, scales.gradient, scales.first, scales.second, t)
        put_together(layers, members, parameters, scales)


@kernel
def _move(
    rule: Rule, rate: np.float32, parameters: Floats32, gradient: Floats32, first: Floats32, second: Floats32, t: int
) -> None:
    """The optimiser's step."""
    if rule.optimizer == SGD:
        _sgd(rule, rate, parameters, gradient, first)
    elif rule.optimizer == RMSPROP:
        _rmsprop(rate, parameters, gradient, second)
    elif rule.optimizer == ADAM:
        _adam(rule, rate, parameters, gradient, first, second, t)
    else:
        raise ValueError("no such optimizer")


@kernel
def _penalise(rule: Rule, layers: Integers, parameters: Floats32, gradient: Floats32) -> None:
    """g += l1·sign(w) + l2·w, on weights only."""
    l1, l2 = rule.l1, rule.l2
    for layer in range(len(layers)):
        start = layers[layer, WEIGHTS]
        for i in range(start, start + layers[layer, INPUTS] * layers[layer, OUTPUTS]):
            w = parameters[i]
            sign = ONE if w > ZERO else (-ONE if w < ZERO else ZERO)
            gradient[i] += l1 * sign + l2 * w


@kernel
def _clip(most: float, gradient: Floats32) -> None:
    """g scaled down to the norm `most` where it is longer (Pascanu et al. 2013)."""
    square = 0.0
    for i in range(len(gradient)):
        g = np.float64(gradient[i])
        square += g * g
    factor = most / (np.sqrt(square) + CLIP_EPSILON)
    if not factor >= 1:  # not <: a NaN goes on into the weights
        c = np.float32(factor)
        for i in range(len(gradient)):
            gradient[i] *= c


@kernel
def _clip_each(most: float, layers: Integers, members: int, gradient: Floats32) -> None:
    """`_clip` for each member's own gradient."""
    joint, n_own = len(layers) % members, len(layers) // members
    for member in range(members):
        first = joint + member * n_own
        square = _square(layers, 0, joint, member, members, gradient)
        square += _square(layers, first, first + n_own, 0, 1, gradient)
        factor = most / (np.sqrt(square) + CLIP_EPSILON)
        if not factor >= 1:
            _scale(np.float32(factor), layers, 0, joint, member, members, gradient)
            _scale(np.float32(factor), layers, first, first + n_own, 0, 1, gradient)


@kernel
def _square(layers: Integers, first: int, stop: int, part: int, parts: int, gradient: Floats32) -> float:
    """The squared norm of some layers' gradients: of one of `parts` as large as each other of each."""
    square = 0.0
    for layer in range(first, stop):
        n_outputs = layers[layer, OUTPUTS] // parts
        size = n_outputs * layers[layer, INPUTS]
        start, biases = layers[layer, WEIGHTS] + part * size, layers[layer, BIASES] + part * n_outputs
        for i in range(start, start + size):
            g = np.float64(gradient[i])
            square += g * g
        if layers[layer, BIASES] >= 0:
            for i in range(biases, biases + n_outputs):
                g = np.float64(gradient[i])
                square += g * g
    return square


@kernel
def _scale(
    factor: np.float32, layers: Integers, first: int, stop: int, part: int, parts: int, gradient: Floats32
) -> None:
    """The same part of these gradients times a factor."""
    for layer in range(first, stop):
        n_outputs = layers[layer, OUTPUTS] // parts
        size = n_outputs * layers[layer, INPUTS]
        start, biases = layers[layer, WEIGHTS] + part * size, layers[layer, BIASES] + part * n_outputs
        for i in range(start, start + size):
            gradient[i] *= factor
        if layers[layer, BIASES] >= 0:
            for i in range(biases, biases + n_outputs):
                gradient[i] *= factor


@kernel
def _sgd(rule: Rule, rate: np.float32, parameters: Floats32, gradient: Floats32, average: Floats32) -> None:
    """w -= η·g; with momentum μ: b = μ·b + g, w -= η·b, or with Nesterov's w -= η·(g + μ·b) (Sutskever et al. 2013)."""
    momentum = rule.momentum
    if momentum == ZERO:
        for i in range(len(parameters)):
            parameters[i] -= rate * gradient[i]
    elif rule.nesterov:
        for i in range(len(parameters)):
            average[i] = momentum * average[i] + gradient[i]
            parameters[i] -= rate * (gradient[i] + momentum * average[i])
    else:
        for i in range(len(parameters)):
            average[i] = momentum * average[i] + gradient[i]
            parameters[i] -= rate * average[i]


@kernel
def _adam(
    rule: Rule, rate: np.float32, parameters: Floats32, gradient: Floats32, first: Floats32, second: Floats32, t: int
) -> None:
    """m = β₁m + (1-β₁)g, v = β₂v + (1-β₂)g², w -= η/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε)."""
    keep_1, take_1 = np.float32(rule.beta1), np.float32(1 - rule.beta1)
    keep_2, take_2 = np.float32(rule.beta2), np.float32(1 - rule.beta2)
    size = np.float32(np.float64(rate) / (1 - rule.beta1**t))
    scale = np.float32(1 / np.sqrt(1 - rule.beta2**t))
    for i in range(len(parameters)):
        g = gradient[i]
        m = keep_1 * first[i] + take_1 * g
        v = keep_2 * second[i] + take_2 * g * g
        first[i] = m
        second[i] = v
        parameters[i] -= size * m / (np.sqrt(v) * scale + EPSILON)


@kernel
def _rmsprop(rate: np.float32, parameters: Floats32, gradient: Floats32, second: Floats32) -> None:
    """v = αv + (1-α)g², w -= η·g / (√v + ε) (Tieleman & Hinton 2012)."""
    for i in range(len(parameters)):
        g = gradient[i]
        v = ALPHA * second[i] + TAKE * g * g
        second[i] = v
        parameters[i] -= rate * g / (np.sqrt(v) + EPSILON)


@kernel
def _decay(rule: Rule, layers: Integers, parameters: Floats32) -> None:
    """w *= 1 - η·decay, on weights only (Loshchilov & Hutter 2019)."""
    keep = ONE - rule.learning_rate * rule.decay
    for layer in range(len(layers)):
        start = layers[layer, WEIGHTS]
        for i in range(start, start + layers[layer, INPUTS] * layers[layer, OUTPUTS]):
            parameters[i] *= keep
