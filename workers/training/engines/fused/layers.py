"""The network, layer by layer: A₀ the batch, Zₗ = Wₗ·Aₗ + bₗ, Aₗ₊₁ = f(Zₗ), and the derivatives on the way back.

Matrices are (neurons, rows of data). Small products are loops that the compiler turns into vector instructions; large
ones go to BLAS. Dₗ is ∂L/∂Zₗ, kept where Zₗ's activation lies, one row below the values that the layer read.
"""

from __future__ import annotations

import numpy as np

from workers.training.engines.fused.compiled import HALF, ONE, ZERO, kernel
from workers.training.engines.fused.elementary import sigmoid, tanh
from workers.training.engines.fused.layout import ACTIVATIONS, LANES, Floats32, Ints, Layers, Workspace

IDENTITY, RELU, LEAKY_RELU, TANH, SIGMOID, GELU, SILU = range(len(ACTIVATIONS))
LEAKY_SLOPE = np.float32(0.01)
GELU_SCALE, GELU_CUBE = np.float32(np.sqrt(2 / np.pi)), np.float32(0.044715)
THREE = np.float32(3)
BLAS_FROM = 65_536  # multiplications in a product from which BLAS is faster than a loop


@kernel
def gather(inputs: Floats32, order: Ints, start: int, rows: int, values: Floats32) -> None:
    """A₀[k, i] = inputs[order[start + i], k], and 0 beyond `rows`. Sixteen rows at a time: whole cache lines are written.

    An empty `order` takes the rows as they lie.
    """
    width = values.shape[1]
    for first in range(0, width, LANES):
        last = min(first + LANES, rows)
        for k in range(inputs.shape[1]):
            for i in range(first, last):
                row = order[start + i] if len(order) > 0 else start + i
                values[k, i] = inputs[row, k]
            for i in range(max(first, rows), first + LANES):
                values[k, i] = ZERO


@kernel
def combine(
    factors: Floats32, start: int, of_output: int, of_input: int, source: Floats32, row: int, n_inputs: int,
    out: Floats32, out_row: int, n_outputs: int,
) -> None:  # fmt: skip
    """out[j] = Σₖ c[j, k]·source[k] with c[j, k] = factors[start + j·of_output + k·of_input]; rows from `row`, `out_row`."""
    width = source.shape[1]
    for j in range(n_outputs):
        at = start + j * of_output
        into = out_row + j
        first = n_inputs % 4
        if first == 0:
            first = 4
        c0 = factors[at]
        if first == 1:
            for i in range(width):
                out[into, i] = c0 * source[row, i]
        elif first == 2:
            c1 = factors[at + of_input]
            for i in range(width):
                out[into, i] = c0 * source[row, i] + c1 * source[row + 1, i]
        elif first == 3:
            c1, c2 = factors[at + of_input], factors[at + 2 * of_input]
            for i in range(width):
                out[into, i] = c0 * source[row, i] + c1 * source[row + 1, i] + c2 * source[row + 2, i]
        else:
            c1, c2, c3 = factors[at + of_input], factors[at + 2 * of_input], factors[at + 3 * of_input]
            for i in range(width):
                out[into, i] = (
                    c0 * source[row, i] + c1 * source[row + 1, i] + c2 * source[row + 2, i] + c3 * source[row + 3, i]
                )
        for k in range(first, n_inputs, 4):
            c0, c1 = factors[at + k * of_input], factors[at + (k + 1) * of_input]
            c2, c3 = factors[at + (k + 2) * of_input], factors[at + (k + 3) * of_input]
            for i in range(width):
                out[into, i] += (
                    c0 * source[row + k, i]
                    + c1 * source[row + k + 1, i]
                    + c2 * source[row + k + 2, i]
                    + c3 * source[row + k + 3, i]
                )


@kernel
def activate(kind: int, has_slopes: bool, bias: Floats32, start: int, work: Workspace, row: int, size: int) -> None:
    """A = f(Z + b), in place on `size` rows of values from `row`; `start` < 0: no bias. Slopes f'(Z) where kept."""
    values, slopes = work.values, work.slopes
    width = values.shape[1]
    for j in range(size):
        b = bias[start + j] if start >= 0 else ZERO
        at = row + j
        if kind == IDENTITY:
            for i in range(width):
                values[at, i] += b
        elif kind == RELU:
            for i in range(width):
                z = values[at, i] + b
                values[at, i] = ZERO if z < ZERO else z
        elif kind == LEAKY_RELU:
            for i in range(width):
                z = values[at, i] + b
                values[at, i] = LEAKY_SLOPE * z if z < ZERO else z
        elif kind == TANH:
            for i in range(width):
                values[at, i] = tanh(values[at, i] + b)
        elif kind == SIGMOID:
            for i in range(width):
                values[at, i] = sigmoid(values[at, i] + b)
        elif kind == GELU:  # z/2·(1 + t), t = tanh(√(2/π)(z + 0.044715z³))
            for i in range(width):
                z = values[at, i] + b
                t = tanh(GELU_SCALE * (z + GELU_CUBE * z * z * z))
                values[at, i] = HALF * z * (ONE + t)
                if has_slopes:
                    inner = GELU_SCALE * (ONE + THREE * GELU_CUBE * z * z)
                    slopes[at, i] = HALF * (ONE + t) + HALF * z * (ONE - t * t) * inner
        else:  # silu: z·σ(z)
            for i in range(width):
                z = values[at, i] + b
                s = sigmoid(z)
                values[at, i] = z * s
                if has_slopes:
                    slopes[at, i] = s + z * s * (ONE - s)


@kernel
def forward(layers: Layers, parameters: Floats32, work: Workspace, training: bool) -> None:
    """From A₀ in `work.values` to the scores, its last rows."""
    values = work.values
    n_layers = len(layers.weights)
    for layer in range(n_layers):
        n_inputs, n_outputs = layers.sizes[layer], layers.sizes[layer + 1]
        row, into, start = layers.rows[layer], layers.rows[layer + 1], layers.weights[layer]
        if n_inputs * n_outputs * values.shape[1] >= BLAS_FROM:
            weights = parameters[start : start + n_outputs * n_inputs].reshape(n_outputs, n_inputs)
            np.dot(weights, values[row : row + n_inputs], values[into : into + n_outputs])
        else:
            combine(parameters, start, n_inputs, 1, values, row, n_inputs, values, into, n_outputs)
        kind = layers.activation if layer < n_layers - 1 else IDENTITY
        activate(kind, training, parameters, layers.biases[layer], work, into, n_outputs)


@kernel
def backward(layers: Layers, parameters: Floats32, work: Workspace, add: bool) -> None:
    """From the scores' deltas to the gradient; added to what is there when `add`.

    ∂L/∂Wₗ = Dₗ·Aₗᵀ, ∂L/∂bₗ = Dₗ·1, Dₗ₋₁ = Wₗᵀ·Dₗ ∘ f'(Zₗ₋₁)."""
    values, deltas, gradient = work.values, work.deltas, work.gradient
    for layer in range(len(layers.weights) - 1, -1, -1):
        n_inputs, n_outputs = layers.sizes[layer], layers.sizes[layer + 1]
        row, own, start = layers.rows[layer], layers.rows[layer + 1], layers.weights[layer]
        large = n_inputs * n_outputs * values.shape[1] >= BLAS_FROM
        stop = start + n_outputs * n_inputs
        if large:
            into = work.products if add else gradient[start:stop]
            product = into[: n_outputs * n_inputs].reshape(n_outputs, n_inputs)
            np.dot(deltas[own : own + n_outputs], values[row : row + n_inputs].T, product)
            if add:
                for i in range(n_outputs * n_inputs):
                    gradient[start + i] += work.products[i]
        else:
            add_products(deltas, own, n_outputs, values, row, n_inputs, gradient, start, add)
        if layers.biases[layer] >= 0:
            add_sums(deltas, own, n_outputs, gradient, layers.biases[layer], add)
        if layer == 0:
            return
        if large:
            weights = parameters[start:stop].reshape(n_outputs, n_inputs)
            np.dot(weights.T, deltas[own : own + n_outputs], deltas[row : row + n_inputs])
        else:
            combine(parameters, start, 1, n_inputs, deltas, own, n_outputs, deltas, row, n_inputs)
        multiply_by_slope(layers.activation, work, row, n_inputs)


@kernel
def add_products(
    deltas: Floats32, own: int, n_outputs: int, values: Floats32, row: int, n_inputs: int, gradient: Floats32,
    start: int, add: bool,
) -> None:  # fmt: skip
    """G[j, k] = Σᵢ D[j, i]·A[k, i] (plus what is there when `add`), four k at a time."""
    width = values.shape[1]
    whole = n_inputs - n_inputs % 4
    for j in range(n_outputs):
        at, of = own + j, start + j * n_inputs
        for k in range(0, whole, 4):
            s0 = s1 = s2 = s3 = ZERO
            for i in range(width):
                d = deltas[at, i]
                s0 += d * values[row + k, i]
                s1 += d * values[row + k + 1, i]
                s2 += d * values[row + k + 2, i]
                s3 += d * values[row + k + 3, i]
            gradient[of + k] = s0 + (gradient[of + k] if add else ZERO)
            gradient[of + k + 1] = s1 + (gradient[of + k + 1] if add else ZERO)
            gradient[of + k + 2] = s2 + (gradient[of + k + 2] if add else ZERO)
            gradient[of + k + 3] = s3 + (gradient[of + k + 3] if add else ZERO)
        for k in range(whole, n_inputs):
            s0 = ZERO
            for i in range(width):
                s0 += deltas[at, i] * values[row + k, i]
            gradient[of + k] = s0 + (gradient[of + k] if add else ZERO)


@kernel
def add_sums(deltas: Floats32, own: int, n_outputs: int, gradient: Floats32, start: int, add: bool) -> None:
    """G[j] = Σᵢ D[j, i] (plus what is there when `add`)."""
    for j in range(n_outputs):
        s = ZERO
        for i in range(deltas.shape[1]):
            s += deltas[own + j, i]
        gradient[start + j] = s + (gradient[start + j] if add else ZERO)


@kernel
def multiply_by_slope(kind: int, work: Workspace, row: int, size: int) -> None:
    """D ∘ f'(Z) in place; the slope from the value A = f(Z) where that says it, else as the forward pass kept it."""
    values, deltas, slopes = work.values, work.deltas, work.slopes
    for at in range(row, row + size):
        if kind == RELU:
            for i in range(values.shape[1]):
                deltas[at, i] = deltas[at, i] if values[at, i] > ZERO else ZERO
        elif kind == LEAKY_RELU:
            for i in range(values.shape[1]):
                deltas[at, i] *= ONE if values[at, i] > ZERO else LEAKY_SLOPE
        elif kind == TANH:
            for i in range(values.shape[1]):
                deltas[at, i] *= ONE - values[at, i] * values[at, i]
        elif kind == SIGMOID:
            for i in range(values.shape[1]):
                deltas[at, i] *= values[at, i] * (ONE - values[at, i])
        elif kind != IDENTITY:
            for i in range(values.shape[1]):
                deltas[at, i] *= slopes[at, i]


