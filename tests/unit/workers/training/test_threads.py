"""Threads of a job: one beside others, the cores that are left for the products of wide layers."""

from __future__ import annotations

import os

import numpy as np
import pytest

from service.domain.model.network import Network
from workers.training.engines.fused import FusedEngine
from workers.training.problem import Data, Problem, State
from workers.training.threads import computing_with, count_threads

WIDE, NARROW = Network((20, 256, 256, 1)), Network((20, 16, 1))


@pytest.mark.parametrize(
    ("network", "step_rows", "processes", "threads"),
    [
        (WIDE, 256, 4, 1),  # a job on each core
        (WIDE, 256, 2, 2),
        (WIDE, 256, 1, 4),
        (WIDE, 256, 8, 1),  # more processes than cores
        (WIDE, 64, 1, 1),  # too few rows in a step
        (NARROW, 4096, 1, 1),  # too narrow
    ],
)
def test_cores_that_no_process_needs_are_shared_by_wide_products(
    monkeypatch: pytest.MonkeyPatch, network: Network, step_rows: int, processes: int, threads: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1, 2, 3})
    assert count_threads(network, step_rows, processes) == threads


def test_two_threads_change_no_more_than_rounding() -> None:
    rows = 1000
    inputs = np.random.default_rng(0).normal(size=(rows, 20)).astype(np.float32)
    data, problem = Data(inputs, np.sin(inputs[:, :1])), Problem(WIDE, "mse", "sgd")
    trained = []
    for threads in (1, 2, 2):
        engine, state = FusedEngine(problem, {"train": data}), State.start(problem)
        with computing_with(threads):
            for epoch in range(5):
                engine.epoch(state, epoch, np.arange(rows), 256, 1e-2, lambda: None)
        trained.append(state.parameters)
    assert np.allclose(trained[0], trained[1], rtol=1e-4, atol=1e-6)
    assert np.array_equal(trained[1], trained[2])
