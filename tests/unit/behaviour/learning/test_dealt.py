"""Windows of rows in the fused engine: the same steps in memory and from the disk as torch makes in that order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.model.network import Network
from tests.unit.workers.training import plain_torch
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.order import BLOCKS, Windows, places_of
from workers.training.problem import Data, Problem, State
from workers.training.stored import Stored

ROWS = 3 * BLOCKS * 4 + 1234  # three windows of blocks of 4 rows, and a part of one with a ragged end


def go_on() -> None:
    pass


def data_for(classes: bool, weighted: bool, rows: int = ROWS, columns: int = 5) -> Data:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(rows, columns)).astype(np.float32)
    score = inputs[:, :1] + np.sin(inputs[:, 1:2])
    targets = np.digitize(score[:, 0], [-0.5, 0.5]) if classes else score.astype(np.float32)
    weights = generator.uniform(0, 2, rows).astype(np.float32) if weighted else None
    return Data(inputs, targets, weights)


def on_disk(data: Data, directory: Path) -> Data:
    def stored(rows: Any) -> Stored:
        kept = Stored(directory, rows.shape, rows.dtype)
        kept.write(0, rows)
        return kept

    return Data(stored(data.inputs), stored(data.targets), None if data.weights is None else stored(data.weights))


@pytest.mark.parametrize(("classes", "weighted"), [(False, False), (False, True), (True, True)])
@pytest.mark.parametrize("batch_size", [32, 1000, 9000])  # the last is of rows of two windows
@pytest.mark.parametrize("group", [1, 2])
def test_steps_over_windows_are_plain_torchs_in_memory_and_from_the_disk(
    tmp_path: Path, classes: bool, weighted: bool, batch_size: int, group: int
) -> None:
    data = data_for(classes, weighted)
    problem = Problem(
        Network((5, 3, 3 if classes else 1), "tanh"), "cross_entropy" if classes else "mse", "sgd", momentum=0.5
    )
    orders = [Windows(ROWS, 4, group, 7, epoch) for epoch in (1, 2)]
    expected, losses = plain_torch.train(problem, data, [places_of(order) for order in orders], batch_size, 0.01)
    ended = []
    for engine in (
        FusedEngine(problem, {"train": data}),
        FusedEngine(problem, {"train": on_disk(data, tmp_path)}),
        AutogradEngine(problem, {"train": data}),
    ):
        state = State.start(problem)
        told = [engine.epoch(state, epoch, order, batch_size, 0.01, go_on) for epoch, order in enumerate(orders, 1)]
        np.testing.assert_allclose(told, losses, rtol=1e-4)
        np.testing.assert_allclose(state.parameters, expected, rtol=2e-3, atol=2e-4)
        assert state.step == 2 * -(-ROWS // batch_size)
        ended.append(state.parameters)
    assert np.array_equal(ended[0], ended[1])
