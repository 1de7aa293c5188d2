"""The engine of the CPU: an epoch as calls of one compiled kernel, each some hundredths of a second long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from service.domain.arrays import Floats32
from service.domain.vocabulary.optimizers import OPTIMIZERS
from workers.kernels.deal import NO_HAND, Hand, hand_for
from workers.kernels.epoch import Epoch, EpochPiece, Objective, advance
from workers.kernels.layers import ACTIVATION_CODES
from workers.kernels.layout import Workspace, layers_of, width_for, workspace_for
from workers.kernels.losses import LOSS_CODES, OF_TWO_CLASSES
from workers.kernels.optimizers import OPTIMIZER_CODES, PLACES, Rule, Weights
from workers.kernels.scales import Scales
from workers.training.engines.source import Source, n_rows_of
from workers.training.engines.subnormals import subnormals_as_zero
from workers.training.order import Order
from workers.training.problem import SCALES, Data, Enough, Problem, State

CHUNK_SECONDS = 0.02  # between two questions whether to go on
FLOPS_AT_FIRST = 2e9  # operations a second, assumed for an engine's first chunk
NOTHING: Floats32 = np.empty(0, dtype=np.float32)
NO_SCALES = Scales(NOTHING, NOTHING, NOTHING, NOTHING)


class FusedEngine:
    """Trains on "train" with one thread. No dropout, no lbfgs."""

    def __init__(self, problem: Problem, parts: Mapping[str, Data]) -> None:
        self._problem = problem
        self._layers = layers_of(problem.network)
        self._sources = {name: Source(data) for name, data in parts.items()}
        self._train = self._sources["train"]
        self._objective = objective_of(problem)
        self._judged = objective_of(replace(problem, label_smoothing=0.0))
        self._work: Workspace | None = None
        self._judging: Workspace | None = None
        self._hand: tuple[Hand, Hand] | None = None
        self._rows_per_second = FLOPS_AT_FIRST / (6 * problem.network.n_parameters)

    @subnormals_as_zero()
    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        size = min(batch_size, len(order))
        work, weights = self._workspace(size), _weights_of(state)
        whole = Epoch(
            self._layers,
            self._objective,
            self._rule(learning_rate),
            len(order),
            size,
            True,
            self._problem.network.members,
        )
        position, total = 0, 0.0
        with suppress(Enough):
            for piece in self._train.pieces(order, size):
                start, stop = position, position + n_rows_of(piece)
                hand, seen = self._hand_for(piece)
                while position < stop:
                    check()
                    started, begin = time.perf_counter(), position
                    end = min(begin + max(int(CHUNK_SECONDS * self._rows_per_second), 1), stop)
                    reached = position, state.step, total
                    position, state.step, total = advance(whole, piece, start, end, reached, weights, work, hand, seen)
                    speed = (position - begin) / max(time.perf_counter() - started, 1e-6)
                    self._rows_per_second = min(speed, 2 * self._rows_per_second)  # one quick chunk makes no long one
        return total / max(position, 1)

    def loss(self, state: State, part: str) -> float:
        source = self._sources[part]
        if self._judging is None:
            self._judging = workspace_for(self._problem.network, 2**31, source.n_targets, training=False)
        members, size = self._problem.network.members, len(source)
        whole = Epoch(self._layers, self._judged, self._rule(0.0), size, size, False, members)
        weights, reached = Weights(state.parameters, NOTHING, NOTHING, NO_SCALES), (0, 0, 0.0)
        for piece in source.as_they_lie():
            start = reached[0]
            reached = advance(whole, piece, start, start + n_rows_of(piece), reached, weights, self._judging, *NO_HAND)
        return reached[2] / max(len(source), 1)

    def _hand_for(self, piece: EpochPiece) -> tuple[Hand, Hand]:
        """Memory for the rows that are dealt, to write and to read."""
        if not piece.deal.n_rows:
            return NO_HAND
        if self._hand is None:
            self._hand = hand_for(piece.deal, piece.inputs.shape[1], piece.targets.shape[1], len(piece.weights) > 0)
        return self._hand

    def _workspace(self, batch_size: int) -> Workspace:
        width = width_for(self._problem.network, batch_size)
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
            problem.beta1,
            problem.beta2,
            np.float32(problem.l1),
            np.float32(penalty),
            np.float32(decay),
            problem.clip_norm or 0.0,
        )


def objective_of(problem: Problem) -> Objective:
    codes = LOSS_CODES | OF_TWO_CLASSES if problem.network.sizes[-1] == 1 else LOSS_CODES
    activation, loss = ACTIVATION_CODES[problem.network.activation], codes[problem.loss]
    return Objective(activation, loss, np.float32(problem.quantile), np.float32(problem.label_smoothing))


def _weights_of(state: State) -> Weights:
    first, second = _averages(state.moments, "")
    factors = state.moments.get(SCALES)
    if factors is None:
        return Weights(state.parameters, first, second, NO_SCALES)
    scales = Scales(factors, np.zeros_like(factors), *_averages(state.moments, f"{SCALES}."))
    return Weights(state.parameters, first, second, scales)


def _averages(moments: Mapping[str, Floats32], prefix: str) -> tuple[Floats32, Floats32]:
    found = {place: moments[prefix + name] for name, place in PLACES.items() if prefix + name in moments}
    return found.get("first", NOTHING), found.get("second", NOTHING)
