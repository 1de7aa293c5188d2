"""`service.domain.model.network.Network` in torch: the same layers, on tensors that share the flat vector's memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from service.domain.model.network import LEAKY_SLOPE, Network

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "leaky_relu": lambda z: functional.leaky_relu(z, LEAKY_SLOPE),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "selu": functional.selu,
    "mish": functional.mish,
    "identity": lambda z: z,
}


class TorchNetwork:
    """Scores of inputs; `parameters` and `gradient` are flat, each layer's tensors are views into them."""

    def __init__(self, network: Network, parameters: Tensor) -> None:
        self.network = network
        self.parameters = parameters
        self.gradient = torch.zeros_like(parameters)
        self._activate = ACTIVATIONS[network.activation]
        self._tensors: dict[str, Tensor] = {}
        for slot in network.slots():
            tensor = parameters[slot.start : slot.stop].view(slot.shape).detach().requires_grad_()
            tensor.grad = self.gradient[slot.start : slot.stop].view(slot.shape)
            self._tensors[slot.name] = tensor

    def scores(self, inputs: Tensor, dropout: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
        """(n, k). With `dropout`, each hidden value is left out with that probability, the others scaled up."""
        values = inputs
        for layer in range(self.network.n_layers):
            bias = self._tensors.get(f"layers.{layer}.bias")
            values = functional.linear(values, self._tensors[f"layers.{layer}.weight"], bias)
            if layer < self.network.n_layers - 1:
                values = self._activate(values)
                if dropout:
                    keep = torch.rand(values.shape, generator=generator, device=values.device) >= dropout
                    values = values * keep / (1 - dropout)
        return values
