"""A network as numbers: layer sizes, activations, and one flat float32 vector of weights and biases.

A layer computes z = W a + b, then its activation; the last layer gives scores without one. A linear neuron
is the network without hidden layers. The flat vector is what the engines train and what a checkpoint holds.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Parameters = npt.NDArray[np.float32]
Inputs = npt.NDArray[np.float32] | Array
"""float32 numbers; in float64 where that is what they are used in next."""


def _sigmoid(z: Array) -> Array:
    # exp of a negative argument only: no overflow on either side
    small = np.exp(-np.abs(z))
    values: Array = np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    return values


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
FEW_CLASSES = 7  # numpy adds up so few numbers one after the other
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, LEAKY_SLOPE * z),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "gelu": _gelu,
    "silu": lambda z: z * _sigmoid(z),
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


@dataclass(frozen=True, slots=True)
class Network:
    """`sizes` is (inputs, hidden…, outputs); `activation` follows every hidden layer."""

    sizes: tuple[int, ...]
    activation: str = "relu"
    bias: bool = True

    @property
    def n_layers(self) -> int:
        return len(self.sizes) - 1

    @property
    def n_parameters(self) -> int:
        return self.slots()[-1].stop

    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors in order: layers.0.weight (outputs, inputs), layers.0.bias (outputs,), …"""
        return _slots(self.sizes, self.bias)

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
        for name in (f"layers.{self.n_layers - 1}.weight", f"layers.{self.n_layers - 1}.bias"):
            if name in tensors:
                tensors[name] = tensors[name][index : index + 1]
        network = Network((*self.sizes[:-1], 1), self.activation, self.bias)
        return network, network.flatten(tensors)

    def weight_mask(self) -> npt.NDArray[np.bool_]:
        """(n_parameters,) True on weights, False on biases: penalties act on weights only."""
        mask = np.zeros(self.n_parameters, dtype=np.bool_)
        for slot in self.slots():
            mask[slot.start : slot.stop] = len(slot.shape) == 2
        return mask

    def start(self, seed: int) -> Parameters:
        """The weights that training starts from.

        Zeros for a linear neuron (its loss is convex, any start leads to the same place); else uniform in
        ±1/sqrt(fan_in), as torch.nn.Linear does, drawn by Philox from the seed.
        """
        parameters = np.zeros(self.n_parameters, dtype=np.float32)
        if self.n_layers == 1:
            return parameters
        generator = np.random.Generator(np.random.Philox(key=seed))
        for slot in self.slots():
            layer = int(slot.name.split(".")[1])
            bound = 1 / np.sqrt(self.sizes[layer])
            parameters[slot.start : slot.stop] = generator.uniform(-bound, bound, slot.stop - slot.start)
        return parameters


@functools.lru_cache(maxsize=1000)
def _slots(sizes: tuple[int, ...], bias: bool) -> tuple[TensorSlot, ...]:
    slots: list[TensorSlot] = []
    start = 0
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        shapes: list[tuple[str, tuple[int, ...]]] = [("weight", (fan_out, fan_in))]
        if bias:
            shapes.append(("bias", (fan_out,)))
        for name, shape in shapes:
            stop = start + math.prod(shape)
            slots.append(TensorSlot(f"layers.{layer}.{name}", shape, start, stop))
            start = stop
    return tuple(slots)


@dataclass(frozen=True, slots=True)
class Layers:
    """The weights (outputs, inputs) and biases (outputs,) of a network in float64, made once for many answers.

    Computed in float64 from the float32 weights, so that a row's answer does not depend on its batch.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array | None, ...]
    activation: str

    @classmethod
    def of(cls, network: Network, parameters: Parameters) -> Layers:
        tensors = {name: tensor.astype(np.float64) for name, tensor in network.tensors(parameters).items()}
        numbers = range(network.n_layers)
        weights = tuple(tensors[f"layers.{number}.weight"] for number in numbers)
        return cls(weights, tuple(tensors.get(f"layers.{number}.bias") for number in numbers), network.activation)

    def scores(self, inputs: Inputs) -> Array:
        """(n_rows, n_outputs) float64 of inputs (n_rows, n_inputs)."""
        return self.onward(self.first_sums(inputs), True)

    def first_sums(self, inputs: Inputs) -> Array:
        """W a + b of the first layer: (n_rows, sizes[1]) float64."""
        return self._sums(0, inputs.astype(np.float64, copy=False))

    def onward(self, sums: Array, used_up: bool = False) -> Array:
        """Scores (n_rows, n_outputs) float64 of the first layer's sums, which are left as they are unless `used_up`."""
        activate, in_place = ACTIVATIONS[self.activation], IN_PLACE.get(self.activation)
        for layer in range(1, len(self.weights)):
            values = in_place(sums) if in_place and (used_up or layer > 1) else activate(sums)
            sums = self._sums(layer, values)
        return sums

    def _sums(self, layer: int, values: Array) -> Array:
        sums: Array = values @ self.weights[layer].T
        bias = self.biases[layer]
        if bias is not None:
            sums += bias
        return sums


def forward(network: Network, parameters: Parameters, inputs: npt.NDArray[np.float32]) -> Array:
    """Scores (n_rows, n_outputs) float64 of inputs (n_rows, n_inputs); see `Layers`, which many answers share."""
    return Layers.of(network, parameters).scores(inputs)


def softmax(scores: Array) -> Array:
    """Probabilities (n_rows, n_classes) of scores, each row shifted by its largest score first."""
    if scores.shape[1] > FEW_CLASSES:
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities
    # class by class: the same sums in the same order, without a loop of its own for each row
    by_class = list(scores.T)
    probabilities = np.exp(scores - functools.reduce(np.maximum, by_class)[:, None])
    probabilities /= functools.reduce(np.add, list(probabilities.T))[:, None]
    return probabilities


def class_probabilities(scores: Array) -> Array:
    """(n_rows, n_classes): the softmax of several scores, or the sigmoid of a single one and its complement."""
    if scores.shape[1] > 1:
        return softmax(scores)
    second = _sigmoid(scores[:, 0])
    return np.stack([1 - second, second], axis=1)
