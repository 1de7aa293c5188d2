"""The engine of the CPU: an epoch as calls of one compiled kernel, each some hundredths of a second long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from workers.training.engines.fused.epoch import Objective, Rows, advance
from workers.training.engines.fused.layout import ACTIVATIONS, Workspace, layers_of, width_for, workspace_for
from workers.training.engines.fused.losses import LOSSES
from workers.training.engines.fused.optimizers import OPTIMIZERS, Moments, Rule
from workers.training.problem import Data, Order, Problem, State, Vector

CHUNK_SECONDS = 0.02  # between two questions whether to go on
FLOPS_AT_FIRST = 2e9  # operations a second, assumed for an engine's first chunk
NO_ROWS = np.empty(0, dtype=np.float32)
NO_MOMENTS = Moments(NO_ROWS, NO_ROWS)
AS_THEY_LIE: Order = np.empty(0, dtype=np.int64)


class FusedEngine:
    """Trains on "train" with one thread. No dropout, no lbfgs."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data]) -> None:
        self._problem = problem
        self._layers = layers_of(problem.network)
        self._parts = {name: rows_of(data) for name, data in parts.items()}
        self._objective = objective_of(problem)
        self._work: Workspace | None = None
        self._judging: Workspace | None = None
        self._rows_per_second = FLOPS_AT_FIRST / (6 * problem.network.n_parameters)

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        rows = self._parts["train"]
        n_rows = len(order)
        size = min(batch_size, n_rows)
        # one batch of all rows: their order does not matter
        order = AS_THEY_LIE if size == n_rows and n_rows == len(rows.inputs) else order
        work = self._workspace(size)
        rule, moments = self._rule(learning_rate), _moments_of(state)
        position, total = 0, 0.0
        while position < n_rows:
            check()
            started = time.perf_counter()
            end = min(position + max(int(CHUNK_SECONDS * self._rows_per_second), 1), n_rows)
            begin = position
            position, state.step, total = advance(
                self._layers, self._objective, rule, rows, _readonly(order), size, True, begin,
                end, state.parameters, moments, state.step, work, total,
            )  # fmt: skip
            speed = (position - begin) / max(time.perf_counter() - started, 1e-6)
            self._rows_per_second = min(speed, 2 * self._rows_per_second)  # one quick chunk makes no long one
        return total / max(n_rows, 1)

    def loss(self, state: State, part: str) -> float:
        rows = self._parts[part]
        if self._judging is None:
            self._judging = workspace_for(self._problem.network, 2**31, rows.targets.shape[1], training=False)
        n_rows, position, total = len(rows.inputs), 0, 0.0
        rule = self._rule(0.0)
        while position < n_rows:
            position, _, total = advance(
                self._layers, self._objective, rule, rows, _readonly(AS_THEY_LIE), n_rows, False, position, n_rows,
                state.parameters, NO_MOMENTS, 0, self._judging, total,
            )  # fmt: skip
        return total / max(len(rows.inputs), 1)

    def _workspace(self, batch_size: int) -> Workspace:
        width = width_for(batch_size)
        if self._work is None or self._work.values.shape[1] != width:
            n_targets = self._parts["train"].targets.shape[1]
            self._work = workspace_for(self._problem.network, batch_size, n_targets)
        return self._work

    def _rule(self, learning_rate: float) -> Rule:
        problem = self._problem
        return Rule(
            OPTIMIZERS.index(problem.optimizer),
            np.float32(learning_rate),
            np.float32(problem.momentum),
            problem.nesterov,
            np.float32(problem.l1),
            np.float32(problem.l2),
            problem.clip_norm or 0.0,
        )


def rows_of(data: Data) -> Rows:
    """The rows as the kernels read them: class numbers as float32 (exact to 2²⁴), all read-only, so that the kernels
    have one type whatever the memory is (a file may be mapped for reading only)."""
    inputs = np.ascontiguousarray(data.inputs)
    targets = np.ascontiguousarray(data.targets if data.targets.ndim == 2 else data.targets[:, None], dtype=np.float32)
    weights = NO_ROWS if data.weights is None else np.ascontiguousarray(data.weights)
    return Rows(_readonly(inputs), _readonly(targets), _readonly(weights))


def _readonly(array: np.ndarray) -> np.ndarray:
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def objective_of(problem: Problem) -> Objective:
    loss = problem.loss
    if loss == "cross_entropy":
        loss = "log_odds" if problem.network.sizes[-1] == 1 else "softmax"
    activation = ACTIVATIONS.index(problem.network.activation)
    return Objective(activation, LOSSES.index(loss), np.float32(problem.quantile))


def _moments_of(state: State) -> Moments:
    names = {"momentum": "first", "first_moment": "first", "second_moment": "second"}
    found: dict[str, Vector] = {names[name]: vector for name, vector in state.moments.items()}
    nothing: Vector = np.empty(0, dtype=np.float32)
    return Moments(found.get("first", nothing), found.get("second", nothing))


def compute_gradient(problem: Problem, data: Data, parameters: Vector, order: Order) -> Vector:
    """Of the mean loss of one batch, the rows in `order`, without penalties: (n_parameters,)."""
    rows = rows_of(data)
    work = workspace_for(problem.network, len(order), rows.targets.shape[1])
    rule = Rule(0, np.float32(0), np.float32(0), False, np.float32(0), np.float32(0), 0.0)
    advance(
        layers_of(problem.network), objective_of(problem), rule, rows, _readonly(order), len(order), True, 0,
        len(order), parameters, NO_MOMENTS, 0, work, 0.0,
    )  # fmt: skip
    return work.gradient
