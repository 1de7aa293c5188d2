"""The reference engine: torch's autograd and optimisers, on data that lives on the device. Batches are slices.

One gather puts the epoch's rows in order; every batch is then a slice of it, without a DataLoader and without
a copy. Weights, gradient and moments are flat vectors, so that an optimiser step is one call of torch's fused
kernel (the one that torch.optim calls with `fused=True`, without its bookkeeping in Python).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from service.domain.columns import Floats
from workers.training.engines.lbfgs import Lbfgs, Point
from workers.training.networks import TorchNetwork
from workers.training.objectives import row_loss
from workers.training.order import Order, places_of
from workers.training.problem import Data, Problem, State

EVALUATION_ROWS = 65_536
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Kingma & Ba 2015; torch's defaults
CLIP_EPSILON = 1e-6  # as torch.nn.utils.clip_grad_norm_ has it
ALPHA = 0.99  # of rmsprop (Tieleman & Hinton 2012); torch's default
GATHERED_BYTES = 256 * 2**20  # rows are put in order by pieces of at most this size

Batch = tuple[Tensor, Tensor, Tensor | None]


class AutogradEngine:
    """Trains on the part "train"."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data], device: str = "cpu") -> None:
        self._problem = problem
        self._device = torch.device(device)
        self._parts = {name: self._on_device(data) for name, data in parts.items()}
        self._loss = row_loss(problem.loss, problem.quantile)
        self._network = TorchNetwork(problem.network, torch.zeros(problem.network.n_parameters, device=self._device))
        self._flat = self._network.parameters
        self._moments: dict[str, Tensor] = {}
        self._taken = torch.zeros((), device=self._device)
        self._is_weight = torch.from_numpy(problem.network.weight_mask()).to(self._device)
        self._lbfgs = Lbfgs(self._whole) if problem.optimizer == "lbfgs" else None

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        if self._lbfgs is not None:
            return self._lbfgs.iterate(state, learning_rate, check)
        self._enter(state)
        generator = torch.Generator(self._device).manual_seed(dropout_seed(self._problem.seed, epoch))
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for batch in self._batches(order, batch_size):
            check()
            total += self._step(batch, learning_rate, generator) * len(batch[0])
            state.step += 1
        self._leave(state)
        return float(total) / max(len(order), 1)

    def loss(self, state: State, part: str) -> float:
        self._load(state)
        whole = self._parts[part]
        n_rows = len(whole[0])
        total = 0.0
        with torch.inference_mode():
            for start in range(0, n_rows, EVALUATION_ROWS):
                batch = _rows(whole, slice(start, start + EVALUATION_ROWS))
                total += float(self._mean_loss(self._network.scores(batch[0]), batch)) * len(batch[0])
        return total / max(n_rows, 1)

    def _on_device(self, data: Data) -> Batch:
        if data.is_stored:
            raise ValueError("the rows are on the disk; this engine trains on rows in memory")
        weights = None if data.weights is None else torch.from_numpy(data.weights[:]).to(self._device)
        inputs, targets = torch.from_numpy(data.inputs[:]), torch.from_numpy(data.targets[:])
        return inputs.to(self._device), targets.to(self._device), weights

    def _mean_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        losses = self._loss(scores, batch[1])
        return losses.mean() if batch[2] is None else (losses * batch[2]).mean()

    def _whole(self, weights: Floats) -> Point:
        """The training loss at these weights and its gradient, over all rows and in float64."""
        problem, whole = self._problem, self._parts["train"]
        flat = torch.from_numpy(weights).to(self._device)
        network = TorchNetwork(problem.network, flat.clone())
        loss, n_rows = 0.0, len(whole[0])
        for start in range(0, n_rows, EVALUATION_ROWS):
            inputs, targets, counts = _rows(whole, slice(start, start + EVALUATION_ROWS))
            exact = targets.double() if targets.is_floating_point() else targets
            batch = inputs.double(), exact, None if counts is None else counts.double()
            share = self._mean_loss(network.scores(batch[0]), batch) * (len(inputs) / n_rows)
            share.backward()  # type: ignore[no-untyped-call]
            loss += float(share.detach())
        penalised = flat * self._is_weight
        objective = loss + problem.l2 / 2 * float(penalised @ penalised)
        gradient = network.gradient.add_(penalised, alpha=problem.l2)
        return Point(weights, loss, objective, gradient.cpu().numpy())

    def _step(self, batch: Batch, learning_rate: float, generator: torch.Generator) -> Tensor:
        problem, gradient = self._problem, self._network.gradient
        gradient.zero_()
        loss = self._mean_loss(self._network.scores(batch[0], problem.dropout, generator), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            if problem.l1:
                gradient.add_(torch.sign(self._flat) * self._is_weight, alpha=problem.l1)
            if problem.l2 and problem.optimizer == "adamw":
                self._flat.mul_(1 - learning_rate * problem.l2 * self._is_weight)
            elif problem.l2:
                gradient.add_(self._flat * self._is_weight, alpha=problem.l2)
            if problem.clip_norm is not None:
                gradient.mul_((problem.clip_norm / (torch.linalg.vector_norm(gradient) + CLIP_EPSILON)).clamp(max=1.0))
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
                nesterov=self._problem.nesterov,
                maximize=False,
                is_first_step=False,
            )
            return
        if self._problem.optimizer == "rmsprop":
            second = moments["second_moment"].mul_(ALPHA).addcmul_(gradient[0], gradient[0], value=1 - ALPHA)
            self._flat.addcdiv_(gradient[0], second.sqrt().add_(EPSILON), value=-learning_rate)
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

    def _batches(self, order: Order, batch_size: int) -> Iterable[Batch]:
        if batch_size >= len(order) == len(self._parts["train"][0]):  # all rows in a batch: their order does not matter
            return [self._parts["train"]]
        return _Slices(self._parts["train"], order, batch_size)

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

    def __init__(self, whole: Batch, order: Order, batch_size: int) -> None:
        self._whole, self._batch_size = whole, batch_size
        inputs = whole[0]
        self._order = torch.from_numpy(places_of(order)).to(inputs.device)
        in_piece = GATHERED_BYTES // max(inputs.shape[1] * inputs.element_size(), 1)
        self._piece = max(in_piece // batch_size, 1) * batch_size

    def __iter__(self) -> Iterator[Batch]:
        for start in range(0, len(self._order), self._piece):
            rows = self._order[start : start + self._piece]
            inputs, targets, weights = self._whole
            weights = None if weights is None else weights.index_select(0, rows)
            piece = inputs.index_select(0, rows), targets.index_select(0, rows), weights
            for first in range(0, len(rows), self._batch_size):
                yield _rows(piece, slice(first, first + self._batch_size))


def _rows(batch: Batch, rows: slice) -> Batch:
    inputs, targets, weights = batch
    return inputs[rows], targets[rows], None if weights is None else weights[rows]


def dropout_seed(seed: int, epoch: int) -> int:
    """What dropout draws from in an epoch: of (seed, epoch) alone, so that nothing random needs saving."""
    return int(np.random.Philox(key=[seed, epoch]).random_raw()) >> 1
