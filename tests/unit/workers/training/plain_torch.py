"""Training as a reader of torch's manual would write it: nn.Sequential, torch.optim, a loop over batches.
Adaline's engines are held to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workers.training.problem import Data, Problem, State

ACTIVATIONS = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "gelu": nn.GELU(approximate="tanh"),
               "silu": nn.SiLU(), "selu": nn.SELU(), "mish": nn.Mish(), "leaky_relu": nn.LeakyReLU(0.01),
               "identity": nn.Identity()}  # fmt: skip
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": partial(functional.mse_loss, reduction="none"),
    "mae": partial(functional.l1_loss, reduction="none"),
    "huber": partial(functional.huber_loss, reduction="none", delta=1.0),
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}
WITH_BETAS = {"adam", "adamw"}
DECOUPLED = {"adamw"}  # their decay is no part of the loss


class Mean(nn.Module):
    """What networks say together: the mean of their scores, or the scores of their probabilities' mean."""

    def __init__(self, members: Sequence[nn.Module], of_classes: bool) -> None:
        super().__init__()
        self.members, self.of_classes = nn.ModuleList(members), of_classes

    def forward(self, inputs: Tensor) -> Tensor:
        scores = torch.stack([member(inputs) for member in self.members]).double()
        if not self.of_classes:
            return scores.mean(dim=0)
        if scores.shape[2] == 1:
            return torch.logit(torch.sigmoid(scores).mean(dim=0))
        return torch.softmax(scores, dim=2).mean(dim=0).log()


class Scaling(nn.Module):
    """Inputs times factors that are learned."""

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.ones(n_inputs))

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs * self.factors


def split(problem: Problem, vector: np.ndarray) -> list[tuple[Problem, np.ndarray]]:
    """Each member of an ensemble as a problem of its own: what members have of a tensor lies together."""
    network, parts, start = problem.network, [], 0
    for fan_in, fan_out in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        for size in (fan_in * fan_out, fan_out)[: 1 + network.bias]:
            parts.append(vector[start : start + network.members * size].reshape(network.members, size))
            start += network.members * size
    alone = replace(problem, network=replace(network, members=1))
    return [(alone, np.concatenate([part[member] for part in parts])) for member in range(network.members)]


def join(problem: Problem, vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The inverse of `split`."""
    places = split(problem, np.arange(problem.network.n_parameters))
    joined = np.empty(problem.network.n_parameters, dtype=vectors[0].dtype)
    for (_, at), vector in zip(places, vectors, strict=True):
        joined[at] = vector
    return joined


def model_of(problem: Problem, parameters: np.ndarray, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The network of torch's own layers, with these weights."""
    network = problem.network
    if network.members > 1:
        members = [model_of(alone, own, dtype) for alone, own in split(problem, parameters)]
        return Mean(members, problem.loss == "cross_entropy")
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layers += [nn.Linear(fan_in, fan_out, bias=network.bias), ACTIVATIONS[network.activation]]
    model = nn.Sequential(*layers[:-1]).to(dtype)
    nn.utils.vector_to_parameters(torch.from_numpy(parameters).to(dtype, copy=True), model.parameters())
    return model


def row_losses(problem: Problem, scores: Tensor, targets: Tensor) -> Tensor:
    """The loss of each row."""
    if problem.loss == "cross_entropy":
        if scores.shape[1] == 1:  # as two scores, the first of which is 0
            scores = torch.hstack([torch.zeros_like(scores), scores])
        return functional.cross_entropy(scores, targets, reduction="none", label_smoothing=problem.label_smoothing)
    targets = targets.to(scores.dtype)
    if problem.loss == "quantile":
        over = targets - scores
        return torch.maximum(problem.quantile * over, (problem.quantile - 1) * over).sum(dim=1)
    return LOSSES[problem.loss](scores, targets).sum(dim=1)


def batch_loss(problem: Problem, model: nn.Module, data: Data, rows: np.ndarray) -> Tensor:
    dtype = next(model.parameters()).dtype
    losses = row_losses(
        problem, model(torch.from_numpy(data.inputs[rows]).to(dtype)), torch.from_numpy(data.targets[rows])
    )
    return (losses if data.weights is None else losses * torch.from_numpy(data.weights[rows]).to(dtype)).mean()


def weights_of(model: nn.Module) -> list[Tensor]:
    """What its layers amount to, in order: the first layer's weights with the factors of a scaling layer."""
    scaling = [layer for layer in model.modules() if isinstance(layer, Scaling)]
    found = [tensor for tensor in model.parameters() if not any(tensor is layer.factors for layer in scaling)]
    return [found[0] * scaling[0].factors, *found[1:]] if scaling else found


def penalty(problem: Problem, model: nn.Module) -> Tensor:
    weights = [tensor for tensor in weights_of(model) if tensor.ndim == 2]
    total = sum((problem.l1 * tensor.abs().sum() for tensor in weights), torch.zeros(()))
    if problem.optimizer not in DECOUPLED:
        total = total + sum(problem.l2 / 2 * (tensor**2).sum() for tensor in weights)
    return total


def optimizer_of(problem: Problem, model: nn.Module, rate: float) -> torch.optim.Optimizer:
    weights = [tensor for tensor in model.parameters() if tensor.ndim == 2]
    factors = [layer.factors for layer in model.modules() if isinstance(layer, Scaling)]
    biases = [tensor for tensor in model.parameters() if tensor.ndim == 1][len(factors) :]
    decay = problem.l2 if problem.optimizer in DECOUPLED else 0.0
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": decay},
        {"params": biases, "weight_decay": 0.0},
        *({"params": [each], "weight_decay": 0.0, "lr": 6 * rate} for each in factors),
    ]
    own: dict[str, Any] = {"momentum": problem.momentum, "nesterov": problem.nesterov} if problem.momentum else {}
    if problem.optimizer in WITH_BETAS:
        own["betas"] = problem.beta1, problem.beta2
    return OPTIMIZERS[problem.optimizer](groups, lr=rate, **own)


def flat(tensors: Sequence[Tensor | None]) -> np.ndarray:
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors if tensor is not None]).numpy()


def gradient(problem: Problem, parameters: np.ndarray, data: Data, rows: np.ndarray) -> np.ndarray:
    """Of a batch's loss, in float64, without penalties; each member's of its own loss."""
    if problem.network.members > 1:
        return join(problem, [gradient(alone, own, data, rows) for alone, own in split(problem, parameters)])
    model = model_of(problem, parameters, torch.float64)
    batch_loss(problem, model, data, rows).backward()
    return flat([tensor.grad for tensor in model.parameters()])


def train(
    problem: Problem, data: Data, orders: Sequence[np.ndarray], batch_size: int, rate: float,
    dtype: torch.dtype = torch.float32, start: np.ndarray | None = None,
) -> tuple[np.ndarray, list[float]]:  # fmt: skip
    """The weights after an epoch for each order, and the epochs' mean losses; members are trained one by one."""
    start = State.start(problem).parameters if start is None else start
    if problem.network.members > 1:
        ends, of_each = zip(
            *(train(alone, data, orders, batch_size, rate, dtype, own) for alone, own in split(problem, start)),
            strict=True,
        )
        return join(problem, ends), np.mean(of_each, axis=0).tolist()
    model = model_of(problem, start, dtype)
    if problem.scaling_layer:
        model = nn.Sequential(Scaling(problem.network.sizes[0]).to(dtype), model)
    optimizer = optimizer_of(problem, model, rate)
    losses = []
    for order in orders:
        total = 0.0
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            loss = batch_loss(problem, model, data, rows)
            optimizer.zero_grad()
            (loss + penalty(problem, model)).backward()
            if problem.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), problem.clip_norm)
            optimizer.step()
            for scaling in (layer for layer in model.modules() if isinstance(layer, Scaling)):
                scaling.factors.data.clamp_(min=0.01)
            total += loss.item() * len(rows)
        losses.append(total / len(order))
    return flat(weights_of(model)), losses
