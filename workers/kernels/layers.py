"""The network, layer by layer: A₀ the batch, Zₗ = Wₗ·Aₗ + bₗ, Aₗ₊₁ = f(Zₗ), and the derivatives on the way back.

Matrices are (neurons, rows of data). Small products are loops that the compiler turns into vector instructions; large
ones go to BLAS. Dₗ is ∂L/∂Zₗ, kept where Zₗ's activation lies, one row below the values that the layer read.
"""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32, Integers
from service.domain.model.network import SELU_ALPHA, SELU_SCALE
from workers.kernels.compiled import ONE, ZERO, blas_kernel, kernel
from workers.kernels.elementary import TWO, exp_of_negative, sigmoid, tanh
from workers.kernels.layout import BIASES, HIDDEN, INPUTS, INTO, OUTPUTS, ROW, WEIGHTS, Workspace

IDENTITY, RELU, LEAKY_RELU, TANH, SIGMOID, GELU, SILU, SELU, MISH = range(9)
ACTIVATION_CODES = {"identity": IDENTITY, "relu": RELU, "leaky_relu": LEAKY_RELU, "tanh": TANH, "sigmoid": SIGMOID,
                    "gelu": GELU, "silu": SILU, "selu": SELU, "mish": MISH}  # fmt: skip
LEAKY_SLOPE = np.float32(0.01)
GELU_SCALE, GELU_CUBE = np.float32(2 * np.sqrt(2 / np.pi)), np.float32(0.044715)
THREE = np.float32(3)
SELU_ABOVE, SELU_BELOW = np.float32(SELU_SCALE), np.float32(SELU_SCALE * SELU_ALPHA)
BLAS_FROM = 65_536  # multiplications in a product from which BLAS is faster than these loops


@kernel
def combine(
    factors: Floats32, start: int, of_output: int, of_input: int, source: Floats32, row: int, n_inputs: int,
    out: Floats32, out_row: int, n_outputs: int,
) -> None:  # fmt: skip
    """out[j] = Σₖ c[j, k]·source[k], c[j, k] = factors[start + j·of_output + k·of_input]; rows from `row`, `out_row`.

    Four inputs at a time; beyond the last one, it once more with the factor 0.
    """
    width, last = source.shape[1], n_inputs - 1
    for j in range(n_outputs):
        at, into = start + j * of_output, out_row + j
        for k in range(0, n_inputs, 4):
            k1, k2, k3 = min(k + 1, last), min(k + 2, last), min(k + 3, last)
            c0 = factors[at + k * of_input]
            c1 = factors[at + k1 * of_input] if k + 1 <= last else ZERO
            c2 = factors[at + k2 * of_input] if k + 2 <= last else ZERO
            c3 = factors[at + k3 * of_input] if k + 3 <= last else ZERO
            r0, r1, r2, r3 = row + k, row + k1, row + k2, row + k3
            if k == 0:
                for i in range(width):
                    out[into, i] = c0 * source[r0, i] + c1 * source[r1, i] + c2 * source[r2, i] + c3 * source[r3, i]
            else:
                for i in range(width):
                    out[into, i] += c0 * source[r0, i] + c1 * source[r1, i] + c2 * source[r2, i] + c3 * source[r3, i]


@blas_kernel
def combine_large(
    factors: Floats32, start: int, transposed: bool, source: Floats32, row: int, n_inputs: int, out: Floats32,
    out_row: int, n_outputs: int,
) -> None:  # fmt: skip
    """`combine` by BLAS: out = C·source, with C (outputs, inputs) at `start` of the factors, or its transpose there."""
    stop = start + n_outputs * n_inputs
    if transposed:
        matrix = factors[start:stop].reshape(n_inputs, n_outputs)
        np.dot(matrix.T, source[row : row + n_inputs], out[out_row : out_row + n_outputs])
    else:
        matrix = factors[start:stop].reshape(n_outputs, n_inputs)
        np.dot(matrix, source[row : row + n_inputs], out[out_row : out_row + n_outputs])


@kernel
def activate(kind: int, biases: Floats32, start: int, values: Floats32, slopes: Floats32, row: int, size: int) -> None:
    """A = f(Z + b), in place on `size` rows of values from `row`; `start` < 0: no bias. Slopes f'(Z) where kept. Raises
    ValueError for a number that is no activation's."""
    width, has_slopes = values.shape[1], len(slopes) > 0
    for j in range(size):
        b = biases[start + j] if start >= 0 else ZERO
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
        elif kind == GELU:  # z/2·(1 + tanh u) = z·σ(2u), u = √(2/π)(z + 0.044715z³)
            for i in range(width):
                z = values[at, i] + b
                s = sigmoid(GELU_SCALE * (z + GELU_CUBE * z * z * z))
                values[at, i] = z * s
                if has_slopes:
                    slopes[at, i] = s + z * s * (ONE - s) * GELU_SCALE * (ONE + THREE * GELU_CUBE * z * z)
        elif kind == SILU:  # z·σ(z)
            for i in range(width):
                z = values[at, i] + b
                s = sigmoid(z)
                values[at, i] = z * s
                if has_slopes:
                    slopes[at, i] = s + z * s * (ONE - s)
        elif kind == SELU:
            for i in range(width):
                z = values[at, i] + b
                below = SELU_BELOW * (exp_of_negative(ZERO if z > ZERO else z) - ONE)
                values[at, i] = SELU_ABOVE * z if z > ZERO else below
        elif kind == MISH:  # z·t, t = tanh(log(1 + exp z)) = p/(p + q) with u = exp(-|z|): p, q as in numpy's
            for i in range(width):
                z = values[at, i] + b
                u = exp_of_negative(-abs(z))
                p = ONE + TWO * u if z >= ZERO else u * (u + TWO)
                q = TWO * u * u if z >= ZERO else TWO
                t = p / (p + q)
                values[at, i] = z * t
                if has_slopes:  # t + z·(1 - t²)·σ(z)
                    s = (ONE if z >= ZERO else u) / (ONE + u)
                    slopes[at, i] = t + z * s * (ONE - t * t)
        else:
            raise ValueError("no such activation")


@kernel
def forward(
    layers: Integers, first: int, stop: int, activation: int, parameters: Floats32, values: Floats32, slopes: Floats32
) -> None:
    """From A₀ in the first rows of `values` to the scores in its last, by some layers of the table."""
    for layer in range(first, stop):
        n_inputs, n_outputs, start = layers[layer, INPUTS], layers[layer, OUTPUTS], layers[layer, WEIGHTS]
        row, into = layers[layer, ROW], layers[layer, INTO]
        if n_inputs * n_outputs * values.shape[1] >= BLAS_FROM:
            combine_large(parameters, start, False, values, row, n_inputs, values, into, n_outputs)
        else:
            combine(parameters, start, n_inputs, 1, values, row, n_inputs, values, into, n_outputs)
        kind = activation if layers[layer, HIDDEN] else IDENTITY
        activate(kind, parameters, layers[layer, BIASES], values, slopes, into, n_outputs)


@kernel
def backward(
    layers: Integers, first: int, stop: int, activation: int, parameters: Floats32, work: Workspace, add: bool
) -> None:
    """From the scores' deltas to the gradient of some layers; added to what is there when `add`.

    ∂L/∂Wₗ = Dₗ·Aₗᵀ, ∂L/∂bₗ = Dₗ·1, Dₗ₋₁ = Wₗᵀ·Dₗ ∘ f'(Zₗ₋₁)."""
    values, slopes, deltas = work.values, work.slopes, work.deltas
    products, gradient = work.products, work.gradient
    for layer in range(stop - 1, first - 1, -1):
        n_inputs, n_outputs, start = layers[layer, INPUTS], layers[layer, OUTPUTS], layers[layer, WEIGHTS]
        row, own = layers[layer, ROW], layers[layer, INTO]
        large = n_inputs * n_outputs * values.shape[1] >= BLAS_FROM
        if large:
            add_large_products(deltas, own, n_outputs, values, row, n_inputs, products, gradient, start, add)
        else:
            add_products(deltas, own, n_outputs, values, row, n_inputs, gradient, start, add)
        if layers[layer, BIASES] >= 0:
            add_sums(deltas, own, n_outputs, gradient, layers[layer, BIASES], add)
        if row > 0:
            if large:
                combine_large(parameters, start, True, deltas, own, n_outputs, deltas, row, n_inputs)
            else:
                combine(parameters, start, 1, n_inputs, deltas, own, n_outputs, deltas, row, n_inputs)
            multiply_by_slope(activation, values, slopes, deltas, row, n_inputs)


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


@blas_kernel
def add_large_products(
    deltas: Floats32, own: int, n_outputs: int, values: Floats32, row: int, n_inputs: int, products: Floats32,
    gradient: Floats32, start: int, add: bool,
) -> None:  # fmt: skip
    """`add_products` by BLAS, G = D·Aᵀ, with `products` for scratch."""
    size = n_outputs * n_inputs
    into = products[:size] if add else gradient[start : start + size]
    np.dot(deltas[own : own + n_outputs], values[row : row + n_inputs].T, into.reshape(n_outputs, n_inputs))
    if add:
        for i in range(size):
            gradient[start + i] += products[i]


@kernel
def add_sums(deltas: Floats32, own: int, n_outputs: int, gradient: Floats32, start: int, add: bool) -> None:
    """G[j] = Σᵢ D[j, i] (plus what is there when `add`)."""
    for j in range(n_outputs):
        s = ZERO
        for i in range(deltas.shape[1]):
            s += deltas[own + j, i]
        gradient[start + j] = s + (gradient[start + j] if add else ZERO)


@kernel
def multiply_by_slope(kind: int, values: Floats32, slopes: Floats32, deltas: Floats32, row: int, size: int) -> None:
    """D ∘ f'(Z) in place; the slope from the value A = f(Z) where that says it, else as the forward pass kept it."""
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
        elif kind == SELU:
            for i in range(values.shape[1]):
                deltas[at, i] *= SELU_ABOVE if values[at, i] > ZERO else values[at, i] + SELU_BELOW
        elif kind in (GELU, SILU, MISH):
            for i in range(values.shape[1]):
                deltas[at, i] *= slopes[at, i]
        elif kind != IDENTITY:
            raise ValueError("no such activation")
