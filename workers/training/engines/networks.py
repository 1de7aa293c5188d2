"""`service.domain.model.network.Network` in torch: the same layers, on tensors that share the flat vector's memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from service.domain.model.network import LEAKY_SLOPE, Network

CLIP_EPSILON = 1e-6  # as torch.nn.utils.clip_grad_norm_ has it

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
        """(n, k), of several members (members, n, k). With `dropout`, each hidden value is left out with that
        probability, the others scaled up."""
        values = inputs
        for layer in range(self.network.n_layers):
            values = self._sums(layer, values)
            if layer < self.network.n_layers - 1:
                values = self._activate(values)
                if dropout:
                    keep = torch.rand(values.shape, generator=generator, device=values.device) >= dropout
                    values = values * keep / (1 - dropout)
        return values

    def _sums(self, layer: int, values: Tensor) -> Tensor:
        weight, bias = self._tensors[f"layers.{layer}.weight"], self._tensors.get(f"layers.{layer}.bias")
        if self.network.members == 1:
            return functional.linear(values, weight, bias)
        if layer == 0:
            wide = functional.linear(values, weight.flatten(0, 1), None if bias is None else bias.flatten())
            return wide.view(len(wide), self.network.members, -1).transpose(0, 1)
        if bias is None:
            return torch.bmm(values, weight.transpose(1, 2))
        return torch.baddbmm(bias.unsqueeze(1), values, weight.transpose(1, 2))

    def clip(self, norm: float) -> None:
        """Scale the gradient of each member down to this norm where it is longer (Pascanu et al. 2013)."""
        if self.network.members == 1:
            self.gradient.mul_((norm / (torch.linalg.vector_norm(self.gradient) + CLIP_EPSILON)).clamp(max=1.0))
            return
        of_members = [
            self.gradient[slot.start : slot.stop].view(self.network.members, -1) for slot in self.network.slots()
        ]
        squares = torch.stack([part.square().sum(dim=1) for part in of_members]).sum(dim=0)
        factors = (norm / (squares.sqrt() + CLIP_EPSILON)).clamp(max=1.0)
        for part in of_members:
            part.mul_(factors[:, None])
