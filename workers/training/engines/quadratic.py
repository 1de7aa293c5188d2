"""Full-batch descent on a linear neuron with squared error, without the rows: its loss is a quadratic, a bowl.

With Z = [X, 1] (n, w), c the rows' weights over n and W (w, k) the parameters, one for each target,
  L(W) = Σᵢ cᵢ‖Wᵀzᵢ - yᵢ‖²,  ∇L(W) = 2(HW - G)  with  H = Zᵀdiag(c)Z (w, w) and G = Zᵀdiag(c)Y (w, k).
So one pass over the rows gives H and G, and each epoch costs O(w²k), with the same steps as over the rows. The loss is
taken around a W° near the optimum, L(W) = L(W°) + tr(2Δᵀ(HW° - G) + ΔᵀHΔ) with Δ = W - W°, and L(W°) from its residuals
in a second pass: YᵀY - … would lose all digits of a loss that is small beside Y².
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.model.network import Network
from workers.training.order import Order
from workers.training.problem import Data, Problem, State

CHUNK_VALUES = 2**20  # numbers of the design that are in float64 at once


@dataclass(frozen=True, slots=True)
class Bowl:
    """The mean squared error of a part as a function of the weights (w, k): `hessian` H (w, w), `lowest` W° (w, k), the
    `slope` there 2(HW° - G) (w, k), and the loss there."""

    hessian: Floats
    lowest: Floats
    slope: Floats
    loss_there: float

    def at(self, weights: Floats) -> tuple[float, Floats]:
        """The loss and its gradient (w, k)."""
        away = weights - self.lowest
        pull = self.hessian @ away
        return self.loss_there + float(np.vdot(away, self.slope + pull)), self.slope + 2 * pull


def bowl_of(data: Data, bias: bool, check: Callable[[], None]) -> Bowl:
    """The bowl of a part with at least one row, in two passes; `check` is called between pieces of them."""
    n_targets, width = data.targets.shape[1], data.inputs.shape[1] + int(bias)
    hessian, moments = np.zeros((width, width)), np.zeros((width, n_targets))
    for design, targets, shares in _pieces(data, bias):
        check()
        weighed = design * shares
        hessian += weighed.T @ design
        moments += weighed.T @ targets
    lowest = np.linalg.lstsq(hessian, moments, rcond=None)[0]
    loss, slope = 0.0, np.zeros((width, n_targets))
    for design, targets, shares in _pieces(data, bias):
        check()
        residuals = design @ lowest - targets
        loss += float(np.sum(shares * residuals**2))
        slope += 2 * (design.T @ (shares * residuals))
    return Bowl(hessian, lowest, slope, loss)


class QuadraticEngine:
    """Trains on "train", all rows in a batch: a linear neuron on squared error by plain descent, with neither l1 nor
    clipping (`needs_no_rows`)."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data]) -> None:
        self._problem = problem
        self._parts = parts
        self._bowls: dict[str, Bowl] = {}
        self._places = _places(problem.network)
        self._decayed = problem.l2 * self._weights_of(problem.network.weight_mask())

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        """Raises ValueError where the batch is not all rows."""
        if batch_size < len(self._parts["train"]):
            raise ValueError("only full-batch descent is a function of the Gram matrix")
        check()
        bowl = self._bowl("train", check)
        with np.errstate(over="ignore", invalid="ignore"):  # divergence shows in the loss
            return self._descend(bowl, state, learning_rate)

    def _descend(self, bowl: Bowl, state: State, learning_rate: float) -> float:
        weights, problem = self._weights_of(state.parameters), self._problem
        loss, step = bowl.at(weights)
        if problem.l2:
            step += self._decayed * weights
        if problem.momentum:
            average = problem.momentum * self._weights_of(state.moments["momentum"]) + step
            state.moments["momentum"][self._places] = average
            step = step + problem.momentum * average if problem.nesterov else average
        state.parameters[self._places] = weights - learning_rate * step
        state.step += 1
        return loss

    def loss(self, state: State, part: str) -> float:
        if not len(self._parts[part]):
            return 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            return self._bowl(part, lambda: None).at(self._weights_of(state.parameters))[0]

    def _weights_of(self, parameters: npt.NDArray[Any]) -> Floats:
        """(w, k) float64 of the flat parameters."""
        return parameters[self._places].astype(np.float64)

    def _bowl(self, part: str, check: Callable[[], None]) -> Bowl:
        if part not in self._bowls:
            self._bowls[part] = bowl_of(self._parts[part], self._problem.network.bias, check)
        return self._bowls[part]


def _pieces(data: Data, bias: bool) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Pieces of Z (rows, w), Y (rows, k) and c (rows, 1)."""
    n_rows, n_inputs = data.inputs.shape
    size = max(CHUNK_VALUES // max(n_inputs, 1), 1)
    for start in range(0, n_rows, size):
        rows = slice(start, min(start + size, n_rows))
        design = np.ones((rows.stop - start, n_inputs + int(bias)))
        design[:, :n_inputs] = data.inputs[rows]
        shares = np.ones(1) if data.weights is None else data.weights[rows].astype(np.float64)
        yield design, data.targets[rows].astype(np.float64), shares[:, None] / n_rows


def _places(network: Network) -> npt.NDArray[np.int64]:
    """(w, k) where each of W stands in the flat parameters: weights (k, m), then biases (k,)."""
    n_inputs, n_targets = network.sizes
    places = np.arange(network.n_parameters)
    weights = places[: n_inputs * n_targets].reshape(n_targets, n_inputs).T
    return np.vstack([weights, places[n_inputs * n_targets :]]) if network.bias else weights
