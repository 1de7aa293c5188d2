"""Where things lie: layers in the flat parameter vector, activations in the workspaces.

A workspace is a matrix whose rows are neurons and whose columns are the rows of data of one tile (a batch, or a part
of a large one). So the inner loop of every kernel runs over data, in memory order, whatever the sizes of the layers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats32, Integers
from service.domain.model.network import Network

LANES = 16  # float32 in one vector of the widest kind: tiles are whole multiples of it
TILE = 256  # columns of a tile at most: activations of two layers of 128 then stay in the second-level cache
JOINT_INPUTS, JOINT_OUTPUTS = 32, 1024  # of the first layers of all members, where they are one product
SMALL_PRODUCT = 1_000_000  # multiplications up to which BLAS does not copy its matrices first, a third of its time
ALIGNMENT = 64  # bytes of a cache line

WITH_SLOPES = ("gelu", "silu", "mish")  # their slope is not a function of their value: it is kept by the forward pass


INPUTS, OUTPUTS, WEIGHTS, BIASES, ROW, INTO, HIDDEN = range(7)
"""Columns of the table of layers: how many inputs and outputs; where its weights (outputs, inputs) and its biases
(-1: none) start in the parameters; at which rows of the workspaces its inputs and its outputs start; whether its
outputs are hidden values."""


class EpochRows(NamedTuple):
    """What is learnt from: `inputs` (n, m), `targets` (n, k) or class numbers (n, 1), `weights` (n,) or empty."""

    inputs: Floats32
    targets: Floats32
    weights: Floats32


class Workspace(NamedTuple):
    """Memory of one engine. Matrices are (neurons, columns of a tile), float32.

    `values` holds what each layer gives, of one member after the other but for the scores; `deltas` the derivative of
    the batch's loss by it before its activation, `slopes` that of the activation (of `WITH_SLOPES` only); `targets`
    (k, columns); `lanes` (4, columns): the rows' share in the batch's loss, and scratch. `gradient` is as long as the
    parameters, `products` as the largest layer.
    """

    values: Floats32
    deltas: Floats32
    slopes: Floats32
    targets: Floats32
    lanes: Floats32
    gradient: Floats32
    products: Floats32


def layers_of(network: Network) -> Integers:
    """(n, 7): the table of layers, member by member. Where it is quicker, all members' first layers are one: a matrix
    (members · outputs, inputs), at the beginning of the table. All else of them is in the same rows of the workspaces,
    one member after the other, so that each finds the cache warm; only the scores of all are there at once."""
    joint = [_layer(network, 0, 0)] if _is_joint(network) else []
    for first in joint:
        first[OUTPUTS] *= network.members
    own = range(len(joint), network.n_layers)
    return np.array([*joint, *(_layer(network, member, layer) for member in range(network.members) for layer in own)])


def _layer(network: Network, member: int, layer: int) -> list[int]:
    sizes, slots = network.sizes, {slot.name: slot for slot in network.slots()}
    n_inputs, n_outputs, is_hidden = sizes[layer], sizes[layer + 1], layer < network.n_layers - 1
    weights, biases = slots[f"layers.{layer}.weight"].start, slots.get(f"layers.{layer}.bias")
    bias = -1 if biases is None else biases.start + member * n_outputs
    row, into = sum(sizes[:layer]), sum(sizes[: layer + 1])
    if layer and _is_joint(network):
        row += member * n_inputs if layer == 1 else _joint_rows(network)
        into += _joint_rows(network)
    if not is_hidden:
        into += member * n_outputs
    return [n_inputs, n_outputs, weights + member * n_inputs * n_outputs, bias, row, into, int(is_hidden)]


def _is_joint(network: Network) -> bool:
    """Whether the members' first layers are one product: not for few inputs, where BLAS takes as long for it as for all
    of theirs, nor where the values would leave the second-level cache."""
    together = network.members * network.sizes[1]
    several = network.members > 1 and network.n_layers > 1
    return several and network.sizes[0] >= JOINT_INPUTS and together <= JOINT_OUTPUTS


def _joint_rows(network: Network) -> int:
    """Rows of the workspaces that such a product takes beside those of one member."""
    return (network.members - 1) * network.sizes[1] if _is_joint(network) else 0


def workspace_for(network: Network, batch_size: int, n_targets: int, training: bool = True) -> Workspace:
    """Memory for batches of at most `batch_size` rows."""
    width = width_for(network, batch_size)
    neurons = sum(network.sizes[:-1]) + _joint_rows(network) + network.members * network.sizes[-1]
    slopes = neurons if network.activation in WITH_SLOPES else 0
    table = layers_of(network)
    widest = int((table[:, INPUTS] * table[:, OUTPUTS]).max())
    return Workspace(
        aligned(neurons, width),
        aligned(neurons, width),
        aligned(slopes, width),
        aligned(n_targets, width),
        aligned(4, width),
        aligned(network.n_parameters if training else 0),
        aligned(widest if training else 0),
    )


def width_for(network: Network, batch_size: int) -> int:
    """Columns of a tile for batches of this many rows: of several members half as many where that makes their largest
    product a small one."""
    halving = network.members > 1 and TILE // 2 <= SMALL_PRODUCT // _largest(network) < TILE
    return min(-(-batch_size // LANES) * LANES, TILE // 2 if halving else TILE)


def _largest(network: Network) -> int:
    """Weights of a member's largest layer."""
    return max(a * b for a, b in pairwise(network.sizes))


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
