"""`workers.kernels.scales` in torch: the factors of the inputs, on the device."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from workers.kernels.scales import LEAST_FACTOR
from workers.training.problem import SCALES, Problem


class InputScales:
    """The factors of the inputs, of all members one after the other, on the device; `flat` has the first layers'
    weights times these. As `workers.kernels.scales` has them."""

    def __init__(self, problem: Problem, flat: Tensor, moments: Iterable[str]) -> None:
        inputs, hidden, members = *problem.network.sizes[:2], problem.network.members
        self._shape, self._size = (members, hidden, inputs), members * hidden * inputs
        self._weights = flat[: self._size].view(self._shape)
        self.factors = torch.ones(members * inputs, device=flat.device)
        self.gradient = torch.zeros_like(self.factors)
        self.moments = {name: torch.zeros_like(self.factors) for name in moments}
        self.taken = torch.zeros((), device=flat.device)

    @property
    def kept(self) -> dict[str, Tensor]:
        """What a state holds, by its names there."""
        return {SCALES: self.factors} | {f"{SCALES}.{name}": vector for name, vector in self.moments.items()}

    def take_apart(self, gradient: Tensor, taken: Tensor) -> None:
        """From W∘s and its gradient to W, its own and that of s, after so many steps."""
        of_weights, factors = gradient[: self._size].view(self._shape), self._factors()
        self._weights.div_(factors)
        self.gradient.copy_((self._weights * of_weights).sum(dim=1).flatten())
        of_weights.mul_(factors)
        self.taken.copy_(taken)

    def put_together(self) -> None:
        """W∘s from W."""
        self.factors.clamp_(min=float(LEAST_FACTOR))
        self._weights.mul_(self._factors())

    def _factors(self) -> Tensor:
        return self.factors.view(self._shape[0], 1, self._shape[2])
