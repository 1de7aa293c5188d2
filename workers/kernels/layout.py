"""Where things lie: layers in the flat parameter vector, activations in the workspaces.

A workspace is a matrix whose rows are neurons and whose columns are the rows of data of one tile (a batch, or a part
of a large one). So the inner loop of every kernel runs over data, in memory order, whatever the sizes of the layers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats32, Integers
from service.domain.model.network import Network

LANES = 16  # float32 in one vector of the widest kind: tiles are whole multiples of it
TILE = 256  # columns of a tile at most: activations of two layers of 128 then stay in the second-level cache
ALIGNMENT = 64  # bytes of a cache line

WITH_SLOPES = ("gelu", "silu", "mish")  # their slope is not a function of their value: it is kept by the forward pass


INPUTS, OUTPUTS, WEIGHTS, BIASES, ROW = range(5)
"""Columns of the table of layers: how many inputs and outputs; where its weights (outputs, inputs) and its biases
(-1: none) start in the parameters; at which row of the workspaces its inputs start. Its outputs follow them."""


class EpochRows(NamedTuple):
    """What is learnt from: `inputs` (n, m), `targets` (n, k) or class numbers (n, 1), `weights` (n,) or empty."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32


class Workspace(NamedTuple):
    """Memory of one engine. Matrices are (neurons, columns of a tile), float32.

    `values` holds what each layer gives, `deltas` the derivative of the batch's loss by it before its activation,
    `slopes` that of the activation (of `WITH_SLOPES` only); `targets` (k, columns); `lanes` (4, columns): the rows'
    share in the batch's loss, and scratch. `gradient` is as long as the parameters, `products` as the largest layer.
    """

    values: Floats32
    deltas: Floats32
    slopes: Floats32
    targets: Floats32
    lanes: Floats32
    gradient: Floats32
    products: Floats32


def layers_of(network: Network) -> Integers:
    """(n_layers, 5): the table of layers."""
    starts = {slot.name: slot.start for slot in network.slots()}
    rows = []
    for layer in range(network.n_layers):
        places = starts[f"layers.{layer}.weight"], starts.get(f"layers.{layer}.bias", -1)
        rows.append((network.sizes[layer], network.sizes[layer + 1], *places, sum(network.sizes[:layer])))
    return np.asarray(rows, dtype=np.int64)


def workspace_for(network: Network, batch_size: int, n_targets: int, training: bool = True) -> Workspace:
    """Memory for batches of at most `batch_size` rows."""
    width = width_for(batch_size)
    neurons = sum(network.sizes)
    slopes = neurons if network.activation in WITH_SLOPES else 0
    widest = max(a * b for a, b in zip(network.sizes[:-1], network.sizes[1:], strict=True))
    return Workspace(
        aligned(neurons, width),
        aligned(neurons, width),
        aligned(slopes, width),
        aligned(n_targets, width),
        aligned(4, width),
        aligned(network.n_parameters if training else 0),
        aligned(widest if training else 0),
    )


def width_for(batch_size: int) -> int:
    """Columns of a tile for batches of this many rows."""
    return min(-(-batch_size // LANES) * LANES, TILE)


def aligned(*shape: int) -> Floats32:
    """Zeros that start at a cache line."""
    size = int(np.prod(shape))
    memory = np.zeros(size + ALIGNMENT // 4, dtype=np.float32)
    first = -memory.ctypes.data % ALIGNMENT // 4
    return memory[first : first + size].reshape(shape)


def readonly(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view that nobody writes by: to the kernels one type, whatever the memory is."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view
