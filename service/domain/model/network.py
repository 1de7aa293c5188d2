"""A network as numbers: layer sizes, activations, and one flat float32 vector of weights and biases.

A layer computes z = W a + b, then its activation; the last layer gives scores without one. A linear neuron
is the network without hidden layers. The flat vector is what the engines train and what a checkpoint holds.
Several members of one shape are an ensemble (Hansen & Salamon 1990): each a network of its own, on the same inputs.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from service.domain.model.probabilities import pooled_scores, sigmoid

Array = npt.NDArray[np.float64]
Parameters = npt.NDArray[np.float32]
Inputs = npt.NDArray[np.float32] | Array
"""float32 numbers; in float64 where that is what they are used in next."""


def _gelu(z: Array) -> Array:
    # the tanh form (Hendrycks & Gimpel 2016, eq. 2): no error function needed, the same in every engine
    values: Array = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z * z * z)))
    return values


def _selu(z: Array) -> Array:
    values: Array = np.where(z > 0, SELU_SCALE * z, SELU_SCALE * SELU_ALPHA * np.expm1(np.minimum(z, 0)))
    return values


def _mish(z: Array) -> Array:
    # tanh(ln(1 + u)) = ((1 + u)² - 1)/((1 + u)² + 1), by u = exp(z) or its inverse, whichever is small (Misra 2019)
    u = np.exp(-np.abs(z))
    values: Array = z * np.where(z >= 0, (1 + 2 * u) / (1 + 2 * u + 2 * u * u), u * (u + 2) / (u * (u + 2) + 2))
    return values


LEAKY_SLOPE = 0.01
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, LEAKY_SLOPE * z),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu": _gelu,
    "silu": lambda z: z * sigmoid(z),
    "selu": _selu,
    "mish": _mish,
    "identity": lambda z: z,
}
IN_PLACE: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0, out=z),
    "tanh": lambda z: np.tanh(z, out=z),
    "identity": lambda z: z,
}
"""The same where the sums are not needed afterwards: no memory that is new, which costs more than the arithmetic."""


@dataclass(frozen=True, slots=True)
class TensorSlot:
    """Where one layer's tensor lies in the flat vector."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def is_weight(self) -> bool:
        """Whether it holds weights: else biases."""
        return self.name.endswith("weight")


@dataclass(frozen=True, slots=True)
class Network:
    """`sizes` is (inputs, hidden…, outputs); `activation` follows every hidden layer.

    Of several `members` each has these sizes; `pooled_scores` is what they say together.
    """

    sizes: tuple[int, ...]
    activation: str = "relu"
    bias: bool = True
    members: int = 1

    @property
    def n_layers(self) -> int:
        return len(self.sizes) - 1

    @property
    def n_parameters(self) -> int:
        """Of all members."""
        return self.slots()[-1].stop

    @property
    def alone(self) -> Network:
        """One of the members."""
        return self if self.members == 1 else replace(self, members=1)

    @property
    def widest(self) -> int:
        """The most numbers that a layer holds of a row, of all members: they read the same inputs."""
        return max(self.sizes[0], self.members * max(self.sizes[1:]))

    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors in order: layers.0.weight (outputs, inputs), layers.0.bias (outputs,), …

        Those of several members have one axis more, before the others: what members have of one layer lies together, so
        that the first layers of all are one matrix (members · outputs, inputs).
        """
        return _slots(self.sizes, self.bias, self.members)

    def tensors(self, parameters: Parameters) -> dict[str, Parameters]:
        """Views into the flat vector, by name."""
        return {slot.name: parameters[slot.start : slot.stop].reshape(slot.shape) for slot in self.slots()}

    def flatten(self, tensors: dict[str, Parameters]) -> Parameters:
        """The flat vector of named tensors. Raises ValueError when a name or a shape does not fit."""
        slots = self.slots()
        if sorted(tensors) != sorted(slot.name for slot in slots):
            raise ValueError(f"expected tensors {[slot.name for slot in slots]}, got {sorted(tensors)}")
        parameters = np.empty(self.n_parameters, dtype=np.float32)
        for slot in slots:
            if tensors[slot.name].shape != slot.shape:
                raise ValueError(f"{slot.name} has shape {tensors[slot.name].shape}, expected {slot.shape}")
            parameters[slot.start : slot.stop] = tensors[slot.name].reshape(-1)
        return parameters

    def of_output(self, index: int, parameters: Parameters) -> tuple[Network, Parameters]:
        """The network that gives one of the outputs only, and its part of the flat vector."""
        tensors = self.tensors(parameters)
        last = f"layers.{self.n_layers - 1}"
        tensors[f"{last}.weight"] = tensors[f"{last}.weight"][..., index : index + 1, :]
        if self.bias:
            tensors[f"{last}.bias"] = tensors[f"{last}.bias"][..., index : index + 1]
        network = replace(self, sizes=(*self.sizes[:-1], 1))
        return network, network.flatten(tensors)

    def weight_mask(self) -> npt.NDArray[np.bool_]:
        """(n_parameters,) True on weights, False on biases: penalties act on weights only."""
        mask = np.zeros(self.n_parameters, dtype=np.bool_)
        for slot in self.slots():
            mask[slot.start : slot.stop] = slot.is_weight
        return mask

    def start(self, seed: int) -> Parameters:
        """The weights that training starts from.

        Zeros for a linear neuron (its loss is convex, any start leads to the same place); else uniform in
        ±1/sqrt(fan_in), as torch.nn.Linear does, drawn by Philox from the seed and the member's number: the first
        member starts as one network does.
        """
        if self.n_layers == 1:
            return np.zeros(self.n_parameters, dtype=np.float32)
        starts = [self.alone._start(seed, member) for member in range(self.members)]
        if self.members == 1:
            return starts[0]
        alone = [self.alone.tensors(start) for start in starts]
        return self.flatten({name: np.stack([each[name] for each in alone]) for name in alone[0]})

    def _start(self, seed: int, member: int) -> Parameters:
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, member], dtype=np.uint64)))
        parameters = np.empty(self.n_parameters, dtype=np.float32)
        for slot in self.slots():
            layer = int(slot.name.split(".")[1])
            bound = 1 / np.sqrt(self.sizes[layer])
            parameters[slot.start : slot.stop] = generator.uniform(-bound, bound, slot.stop - slot.start)
        return parameters


@functools.lru_cache(maxsize=1000)
def _slots(sizes: tuple[int, ...], bias: bool, members: int) -> tuple[TensorSlot, ...]:
    slots: list[TensorSlot] = []
    start = 0
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        shapes: list[tuple[str, tuple[int, ...]]] = [("weight", (fan_out, fan_in))]
        if bias:
            shapes.append(("bias", (fan_out,)))
        for name, of_one in shapes:
            shape = of_one if members == 1 else (members, *of_one)
            stop = start + math.prod(shape)
            slots.append(TensorSlot(f"layers.{layer}.{name}", shape, start, stop))
            start = stop
    return tuple(slots)


@dataclass(frozen=True, slots=True)
class Layers:
    """The weights (outputs, inputs) and biases (outputs,) of a network in float64, made once for many answers.

    Of several members the first are (members · outputs, inputs) and (members · outputs,), the others (members, outputs,
    inputs) and (members, 1, outputs). Computed in float64 from the float32 weights, so that a row's answer does not
    depend on its batch.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array | None, ...]
    network: Network
    is_classifier: bool

    @classmethod
    def of(cls, network: Network, parameters: Parameters, is_classifier: bool = False) -> Layers:
        """A classifier's members say something together by their probabilities; of one network it does not matter."""
        tensors = {name: tensor.astype(np.float64) for name, tensor in network.tensors(parameters).items()}
        numbers = range(network.n_layers)
        weights = [tensors[f"layers.{number}.weight"] for number in numbers]
        biases = [tensors.get(f"layers.{number}.bias") for number in numbers]
        if network.members > 1:
            weights[0] = weights[0].reshape(-1, network.sizes[0])
            biases = [None if bias is None else bias[:, None] for bias in biases]
            biases[0] = None if biases[0] is None else biases[0].reshape(-1)
        return cls(tuple(weights), tuple(biases), network, is_classifier)

    def scores(self, inputs: Inputs) -> Array:
        """(n_rows, n_outputs) float64 of inputs (n_rows, n_inputs)."""
        return self.onward(self.first_sums(inputs), True)

    def first_sums(self, inputs: Inputs) -> Array:
        """W a + b of the first layer: (n_rows, members · sizes[1]) float64."""
        return self._sums(0, inputs.astype(np.float64, copy=False))

    def onward(self, sums: Array, used_up: bool = False) -> Array:
        """Scores (n_rows, n_outputs) float64 of the first layer's sums, which are left as they are unless `used_up`."""
        members = self.network.members
        if members > 1:
            sums = sums.reshape(len(sums), members, self.network.sizes[1]).swapaxes(0, 1)
        activate, in_place = ACTIVATIONS[self.network.activation], IN_PLACE.get(self.network.activation)
        for layer in range(1, len(self.weights)):
            values = in_place(sums) if in_place and (used_up or layer > 1) else activate(sums)
            sums = self._sums(layer, values)
        return pooled_scores(sums, self.is_classifier) if members > 1 else sums

    def _sums(self, layer: int, values: Array) -> Array:
        sums: Array = values @ self.weights[layer].swapaxes(-1, -2)
        bias = self.biases[layer]
        if bias is not None:
            sums += bias
        return sums


def forward(network: Network, parameters: Parameters, inputs: Inputs, is_classifier: bool = False) -> Array:
    """Scores (n_rows, n_outputs) float64 of inputs (n_rows, n_inputs); see `Layers`, which many answers share."""
    return Layers.of(network, parameters, is_classifier).scores(inputs)
