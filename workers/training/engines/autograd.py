"""The reference engine: torch's autograd and optimisers, on data that lives on the device. Batches are slices.

One gather puts the epoch's rows in order; every batch is then a slice of it, without a DataLoader and without
a copy. Weights, gradient and moments are flat vectors, so that an optimiser step is one call of torch's fused
kernel (the one that torch.optim calls with `fused=True`, without its bookkeeping in Python).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from workers.training.networks import TorchNetwork
from workers.training.objectives import LOSSES
from workers.training.problem import Order, Problem, State

EVALUATION_ROWS = 65_536
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Kingma & Ba 2015; torch's defaults
GATHERED_BYTES = 256 * 2**20  # rows are put in order by pieces of at most this size

Data = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | npt.NDArray[np.int64]]


class AutogradEngine:
    """Trains on "train"; `parts` gives (inputs, targets) of each part."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data], device: str = "cpu") -> None:
        self._problem = problem
        self._device = torch.device(device)
        self._parts = {
            name: (torch.from_numpy(inputs).to(self._device), torch.from_numpy(targets).to(self._device))
            for name, (inputs, targets) in parts.items()
        }
        self._loss = LOSSES[problem.loss]
        self._network = TorchNetwork(problem.network, torch.zeros(problem.network.n_parameters, device=self._device))
        self._flat = self._network.parameters
        self._moments: dict[str, Tensor] = {}
        self._taken = torch.zeros((), device=self._device)
        self._is_weight = torch.from_numpy(problem.network.weight_mask()).to(self._device)

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        self._enter(state)
        generator = torch.Generator(self._device).manual_seed(dropout_seed(self._problem.seed, epoch))
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for inputs, targets in self._batches(order, batch_size):
            check()
            total += self._step(inputs, targets, learning_rate, generator) * len(inputs)
            state.step += 1
        self._leave(state)
        return float(total) / max(len(order), 1)

    def loss(self, state: State, part: str) -> float:
        self._load(state)
        inputs, targets = self._parts[part]
        total = 0.0
        with torch.inference_mode():
            for start in range(0, len(inputs), EVALUATION_ROWS):
                rows = slice(start, start + EVALUATION_ROWS)
                total += float(self._loss(self._network.scores(inputs[rows]), targets[rows])) * len(inputs[rows])
        return total / max(len(inputs), 1)

    def _step(self, inputs: Tensor, targets: Tensor, learning_rate: float, generator: torch.Generator) -> Tensor:
        problem = self._problem
        self._network.gradient.zero_()
        loss = self._loss(self._network.scores(inputs, problem.dropout, generator), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            if problem.l1:
                self._network.gradient.add_(torch.sign(self._flat) * self._is_weight, alpha=problem.l1)
            if problem.l2 and problem.optimizer == "adamw":
                self._flat.mul_(1 - learning_rate * problem.l2 * self._is_weight)
            elif problem.l2:
                self._network.gradient.add_(self._flat * self._is_weight, alpha=problem.l2)
            self._move(learning_rate)
        return loss.detach()

    def _move(self, learning_rate: float) -> None:
        """One step of the optimiser. Penalties and decay are in the gradient and the weights already."""
        flat, gradient, moments = [self._flat], [self._network.gradient], self._moments
        if self._problem.optimizer == "sgd":
            torch._fused_sgd_(
                flat,
                gradient,
                [moments["momentum"]] if self._problem.momentum else [],
                lr=learning_rate,
                momentum=self._problem.momentum,
                dampening=0.0,
                weight_decay=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
            return
        self._taken += 1
        torch._fused_adam_(
            flat,
            gradient,
            [moments["first_moment"]],
            [moments["second_moment"]],
            [],
            [self._taken],
            lr=learning_rate,
            beta1=BETA_1,
            beta2=BETA_2,
            eps=EPSILON,
            weight_decay=0.0,
            amsgrad=False,
            maximize=False,
        )

    def _batches(self, order: Order, batch_size: int) -> Iterable[tuple[Tensor, Tensor]]:
        inputs, targets = self._parts["train"]
        if batch_size >= len(order):  # one batch of all rows: their order does not matter
            return [(inputs, targets)]
        return _Slices(inputs, targets, order, batch_size)

    def _enter(self, state: State) -> None:
        """Take over the state; on the CPU the moments are the state's own memory."""
        self._load(state)
        self._moments = {name: torch.from_numpy(vector).to(self._device) for name, vector in state.moments.items()}
        self._taken.fill_(state.step)

    def _load(self, state: State) -> None:
        with torch.no_grad():
            self._flat.copy_(torch.from_numpy(state.parameters))

    def _leave(self, state: State) -> None:
        state.parameters[:] = self._flat.cpu().numpy()
        for name, vector in state.moments.items():
            vector[:] = self._moments[name].cpu().numpy()


class _Slices:
    """Batches in order: a piece of rows is gathered at once, its batches are slices."""

    def __init__(self, inputs: Tensor, targets: Tensor, order: Order, batch_size: int) -> None:
        self._inputs, self._targets, self._batch_size = inputs, targets, batch_size
        self._order = torch.from_numpy(order).to(inputs.device)
        in_piece = GATHERED_BYTES // max(inputs.shape[1] * inputs.element_size(), 1)
        self._piece = max(in_piece // batch_size, 1) * batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self._order), self._piece):
            rows = self._order[start : start + self._piece]
            inputs, targets = self._inputs.index_select(0, rows), self._targets.index_select(0, rows)
            for first in range(0, len(rows), self._batch_size):
                batch = slice(first, first + self._batch_size)
                yield inputs[batch], targets[batch]


def dropout_seed(seed: int, epoch: int) -> int:
    """What dropout draws from in an epoch: of (seed, epoch) alone, so that nothing random needs saving."""
    return int(np.random.Philox(key=[seed, epoch]).random_raw()) >> 1
