"""The engine of the CPU: an epoch as calls of one compiled kernel, each some hundredths of a second long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from service.domain.arrays import Floats32, Integers
from service.domain.vocabulary.optimizers import OPTIMIZERS
from workers.kernels.deal import NO_HAND, Hand, hand_for
from workers.kernels.epoch import Objective, advance
from workers.kernels.layers import ACTIVATION_CODES
from workers.kernels.layout import Workspace, layers_of, width_for, workspace_for
from workers.kernels.losses import LOSS_CODES, OF_TWO_CLASSES
from workers.kernels.optimizers import OPTIMIZER_CODES, PLACES, OptimizerMoments, Rule
from workers.training.engines.source import OrderedPiece, Source, in_turn, rows_of
from workers.training.engines.subnormals import subnormals_as_zero
from workers.training.order import Order
from workers.training.problem import Data, Problem, State

CHUNK_SECONDS = 0.02  # between two questions whether to go on
FLOPS_AT_FIRST = 2e9  # operations a second, assumed for an engine's first chunk
NOTHING: Floats32 = np.empty(0, dtype=np.float32)
NO_MOMENTS = OptimizerMoments(NOTHING, NOTHING)


class FusedEngine:
    """Trains on "train" with one thread. No dropout, no lbfgs."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data]) -> None:
        self._problem = problem
        self._layers = layers_of(problem.network)
        self._sources = {name: Source(data) for name, data in parts.items()}
        self._train = self._sources["train"]
        self._objective = objective_of(problem)
        self._work: Workspace | None = None
        self._judging: Workspace | None = None
        self._hand: tuple[Hand, Hand] | None = None
        self._rows_per_second = FLOPS_AT_FIRST / (6 * problem.network.n_parameters)

    @subnormals_as_zero()
    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        n_rows, position, total = len(order), 0, 0.0
        size = min(batch_size, n_rows)
        work = self._workspace(size)
        rule, moments = self._rule(learning_rate), _moments_of(state)
        for piece in self._train.pieces(order, size):
            offset, stop = position, position + len(piece)
            hand, seen = self._hand_for(piece)
            while position < stop:
                check()
                started = time.perf_counter()
                end = min(position + max(int(CHUNK_SECONDS * self._rows_per_second), 1), stop)
                begin = position
                position, state.step, total = advance(
                    self._layers, self._objective, rule, *piece, hand, seen, offset, n_rows, size, True, begin, end,
                    state.parameters, moments, state.step, work, total,
                )  # fmt: skip
                speed = (position - begin) / max(time.perf_counter() - started, 1e-6)
                self._rows_per_second = min(speed, 2 * self._rows_per_second)  # one quick chunk makes no long one
        return total / max(n_rows, 1)

    def loss(self, state: State, part: str) -> float:
        source = self._sources[part]
        if self._judging is None:
            self._judging = workspace_for(self._problem.network, 2**31, source.n_targets, training=False)
        n_rows, position, total = len(source), 0, 0.0
        rule = self._rule(0.0)
        for piece in source.as_they_lie():
            offset, stop = position, position + len(piece)
            while position < stop:
                position, _, total = advance(
                    self._layers, self._objective, rule, *piece, *NO_HAND, offset, n_rows, n_rows, False, position,
                    stop, state.parameters, NO_MOMENTS, 0, self._judging, total,
                )  # fmt: skip
        return total / max(n_rows, 1)

    def _hand_for(self, piece: OrderedPiece) -> tuple[Hand, Hand]:
        """Memory for the rows that are dealt, to write and to read."""
        if not piece.deal.n_rows:
            return NO_HAND
        if self._hand is None:
            inputs, targets, weights = piece.rows
            self._hand = hand_for(piece.deal, inputs.shape[1], targets.shape[1], len(weights) > 0)
        return self._hand

    def _workspace(self, batch_size: int) -> Workspace:
        width = width_for(batch_size)
        if self._work is None or self._work.values.shape[1] != width:
            n_targets = self._train.n_targets
            self._work = workspace_for(self._problem.network, batch_size, n_targets)
        return self._work

    def _rule(self, learning_rate: float) -> Rule:
        problem = self._problem
        penalty, decay = (0.0, problem.l2) if OPTIMIZERS[problem.optimizer].decouples_decay else (problem.l2, 0.0)
        return Rule(
            OPTIMIZER_CODES[problem.optimizer],
            np.float32(learning_rate),
            np.float32(problem.momentum),
            problem.nesterov,
            np.float32(problem.l1),
            np.float32(penalty),
            np.float32(decay),
            problem.clip_norm or 0.0,
        )


def objective_of(problem: Problem) -> Objective:
    codes = LOSS_CODES | OF_TWO_CLASSES if problem.network.sizes[-1] == 1 else LOSS_CODES
    return Objective(ACTIVATION_CODES[problem.network.activation], codes[problem.loss], np.float32(problem.quantile))


def _moments_of(state: State) -> OptimizerMoments:
    found: dict[str, Floats32] = {PLACES[name]: vector for name, vector in state.moments.items()}
    return OptimizerMoments(found.get("first", NOTHING), found.get("second", NOTHING))


def compute_gradient(problem: Problem, data: Data, parameters: Floats32, order: Integers) -> Floats32:
    """Of the mean loss of one batch, the rows in `order`, without penalties: (n_parameters,)."""
    rows = rows_of(data)
    work = workspace_for(problem.network, len(order), rows.targets.shape[1])
    rule = Rule(0, np.float32(0), np.float32(0), False, np.float32(0), np.float32(0), np.float32(0), 0.0)
    advance(
        layers_of(problem.network), objective_of(problem), rule, *in_turn(rows, order), *NO_HAND, 0, len(order),
        len(order), True, 0, len(order), parameters, NO_MOMENTS, 0, work, 0.0,
    )  # fmt: skip
    return work.gradient
