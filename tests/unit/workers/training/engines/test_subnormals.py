"""Subnormal numbers are 0 while an engine goes through an epoch, and numbers again after it."""

from __future__ import annotations

import numpy as np
import pytest

from service.domain.model.network import Network
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.problem import Data, Engine, Problem, State

SUBNORMAL = np.float32(1e-39)
ROWS = 8


class Cancelled(Exception):
    """What `check` raises."""


def start(engine_type: type[FusedEngine] | type[AutogradEngine]) -> tuple[Engine, State]:
    """A network on which no gradient acts, with a mean of gradients that has almost died away."""
    problem = Problem(Network((3, 2, 1), "relu"), "mse", "adam")
    nothing = np.zeros((ROWS, 3), dtype=np.float32)
    state = State.start(problem)
    state.parameters[:] = 0
    state.moments["first_moment"][:] = SUBNORMAL
    return engine_type(problem, {"train": Data(nothing, nothing[:, :1])}), state


def halves() -> np.ndarray:
    """Computed by the processor, not by a compiler."""
    return np.full(4, SUBNORMAL) * np.float32(0.5)


@pytest.mark.parametrize("engine_type", [FusedEngine, AutogradEngine])
def test_a_mean_of_gradients_arrives_at_zero(engine_type: type[FusedEngine] | type[AutogradEngine]) -> None:
    engine, state = start(engine_type)
    engine.epoch(state, 1, np.arange(ROWS), 4, 0.01, lambda: None)
    assert not state.moments["first_moment"].any()
    assert halves().all()


@pytest.mark.parametrize("engine_type", [FusedEngine, AutogradEngine])
def test_a_cancelled_epoch_leaves_arithmetic_as_it_was(
    engine_type: type[FusedEngine] | type[AutogradEngine],
) -> None:
    engine, state = start(engine_type)

    def cancel() -> None:
        assert not halves().any()
        raise Cancelled

    with pytest.raises(Cancelled):
        engine.epoch(state, 1, np.arange(ROWS), 4, 0.01, cancel)
    assert halves().all()
