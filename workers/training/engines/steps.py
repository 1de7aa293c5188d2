"""One step of training in torch: the gradient of a batch, penalties, clipping, the optimiser.

Weights, gradient and moments are flat vectors that stay where they are, so that a CUDA graph may hold their addresses,
and an optimiser step is one call of torch's fused kernel (the one that torch.optim calls with `fused=True`, without
its bookkeeping in Python). Nothing here waits for the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.optimizers import OPTIMIZERS
from workers.kernels.scales import FASTER
from workers.training.engines.networks import TorchNetwork
from workers.training.engines.objectives import pooled_scores, row_loss
from workers.training.engines.scales import InputScales
from workers.training.problem import Problem, State

EPSILON = 1e-8  # Kingma & Ba 2015; torch's default
ALPHA = 0.99  # of rmsprop (Tieleman & Hinton 2012); torch's default

Batch = tuple[Tensor, Tensor, Tensor | None]
"""Inputs (n, m), targets (n, k) or classes (n,), what each row counts (n,) or None."""


class Steps:
    """The weights on the device, and what moves them."""

    def __init__(self, problem: Problem, device: torch.device) -> None:
        self._problem = problem
        self._device = device
        self._loss = row_loss(problem.loss, problem.quantile, problem.label_smoothing)
        self._true_loss = row_loss(problem.loss, problem.quantile)
        self.flat = torch.zeros(problem.network.n_parameters, device=device)
        self._network = TorchNetwork(problem.network, self.flat)
        self._optimizer = OPTIMIZERS[problem.optimizer]
        averages = () if self._optimizer.is_quasi_newton else self._optimizer.moments
        self._moments = {name: torch.zeros_like(self.flat) for name in averages}
        self._taken = torch.zeros((), device=device)
        self._scales = InputScales(problem, self.flat, self._moments) if problem.scaling_layer else None
        self.is_weight = torch.from_numpy(problem.network.weight_mask()).to(device)

    def enter(self, state: State) -> None:
        """Take over the state."""
        self.load(state)
        with torch.no_grad():
            for name, vector in self._kept().items():
                vector.copy_(torch.from_numpy(state.moments[name]))
            self._taken.fill_(state.step)

    def load(self, state: State) -> None:
        """Take over the weights alone."""
        with torch.no_grad():
            self.flat.copy_(torch.from_numpy(state.parameters))

    def leave(self, state: State) -> None:
        """Give it back."""
        state.parameters[:] = self.flat.cpu().numpy()
        for name, vector in self._kept().items():
            state.moments[name][:] = vector.cpu().numpy()

    def snapshot(self) -> list[Tensor]:
        """Copies of everything that steps change."""
        return [vector.clone() for vector in self._changing()]

    def restore(self, snapshot: list[Tensor]) -> None:
        for vector, copy in zip(self._changing(), snapshot, strict=True):
            vector.copy_(copy)

    def _changing(self) -> list[Tensor]:
        return [self.flat, self._taken, *self._kept().values()]

    def _kept(self) -> dict[str, Tensor]:
        """What a state holds beside the weights."""
        return self._moments | (self._scales.kept if self._scales else {})

    def mean_loss(self, scores: Tensor, batch: Batch, is_judged: bool = False) -> Tensor:
        """What training makes small, without penalties; or, where it `is_judged`, the loss by the true classes."""
        losses = (self._true_loss if is_judged else self._loss)(scores, batch[1])
        return losses.mean() if batch[2] is None else (losses * batch[2]).mean()

    def _summed_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """The sum of the members' mean losses: each then learns by its own, as if it were alone."""
        if scores.ndim == 2:
            return self.mean_loss(scores, batch)
        members, (inputs, targets, weights) = len(scores), batch
        repeated = targets.repeat(members, *[1] * (targets.ndim - 1))
        every = inputs, repeated, None if weights is None else weights.repeat(members)
        return self.mean_loss(scores.flatten(0, 1), every) * members

    def scores(self, inputs: Tensor) -> Tensor:
        """(n, k), of the members together; without dropout and in float32."""
        scores = self._network.scores(inputs)
        return scores if scores.ndim == 2 else pooled_scores(scores, LOSSES[self._problem.loss].is_for_classes)

    def take(self, batch: Batch, rate: float | Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Make one step, each member by its own loss; the mean of the batch's losses before it. `rate` may be a number
        on the device."""
        problem, gradient = self._problem, self._network.gradient
        gradient.zero_()
        with _precision(problem.precision, self._device):
            scores = self._network.scores(batch[0], problem.dropout, generator)
        loss = self._summed_loss(scores.float(), batch)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        with torch.no_grad():
            if problem.l1:
                gradient.add_(torch.sign(self.flat) * self.is_weight, alpha=problem.l1)
            if problem.l2 and self._optimizer.decouples_decay:
                self.flat.mul_(1 - rate * problem.l2 * self.is_weight)
            elif problem.l2:
                gradient.add_(self.flat * self.is_weight, alpha=problem.l2)
            if problem.clip_norm is not None:
                self._network.clip(problem.clip_norm)
            move, scales = MOVES[problem.optimizer], self._scales
            if scales is not None:
                scales.take_apart(gradient, self._taken)
            move(problem, self.flat, gradient, self._moments, self._taken, rate)
            if scales is not None:
                move(problem, scales.factors, scales.gradient, scales.moments, scales.taken, rate * float(FASTER))
                scales.put_together()
        return loss.detach() / problem.network.members


TensorMoments = Mapping[str, Tensor]


def _sgd(
    problem: Problem, flat: Tensor, gradient: Tensor, moments: TensorMoments, taken: Tensor, rate: float | Tensor
) -> None:
    torch._fused_sgd_(
        [flat],
        [gradient],
        [moments["momentum"]] if problem.momentum else [],
        lr=rate,
        momentum=problem.momentum,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=problem.nesterov,
        maximize=False,
        is_first_step=False,
    )


def _adam(
    problem: Problem, flat: Tensor, gradient: Tensor, moments: TensorMoments, taken: Tensor, rate: float | Tensor
) -> None:
    taken += 1
    torch._fused_adam_(
        [flat],
        [gradient],
        [moments["first_moment"]],
        [moments["second_moment"]],
        [],
        [taken],
        lr=rate,
        beta1=problem.beta1,
        beta2=problem.beta2,
        eps=EPSILON,
        weight_decay=0.0,
        amsgrad=False,
        maximize=False,
    )


def _rmsprop(
    problem: Problem, flat: Tensor, gradient: Tensor, moments: TensorMoments, taken: Tensor, rate: float | Tensor
) -> None:
    second = moments["second_moment"].mul_(ALPHA).addcmul_(gradient, gradient, value=1 - ALPHA)
    flat.sub_(gradient / second.sqrt().add_(EPSILON) * rate)


MOVES: Mapping[str, Callable[[Problem, Tensor, Tensor, TensorMoments, Tensor, float | Tensor], None]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
}
"""One step of the flat weights by their gradient; penalties and decay are in these already. `taken` counts the steps on
the device, for those that need it: they count on."""


def _precision(name: str, device: torch.device) -> AbstractContextManager[object]:
    """What the layers' products are made in: bfloat16 for the forward pass and, by it, the backward pass."""
    if name != "bf16":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)
