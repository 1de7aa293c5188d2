"""The engine on a GPU against itself on a processor, captured and call by call. Runs where a GPU is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from service.domain.model.network import Network
from workers.training.engines.autograd import AutogradEngine
from workers.training.problem import Data, Problem, State

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is here")
ROWS = 2000
OPTIMIZERS: list[dict[str, Any]] = [
    {"optimizer": "sgd"},
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "l1": 0.001, "l2": 0.01, "clip_norm": 1.0},
    {"optimizer": "adam"},
    {"optimizer": "adamw", "l2": 0.1},
    {"optimizer": "rmsprop"},
]
LOSSES = [("mse", 1), ("mse", 3), ("huber", 1), ("cross_entropy", 1), ("cross_entropy", 4)]


def data_for(problem: Problem, weighted: bool = False) -> Data:
    generator = np.random.default_rng(0)
    outputs = problem.network.sizes[-1]
    inputs = generator.normal(size=(ROWS, problem.network.sizes[0])).astype(np.float32)
    weights = generator.uniform(0.5, 1.5, ROWS).astype(np.float32) if weighted else None
    if problem.loss == "cross_entropy":
        return Data(inputs, generator.integers(0, max(outputs, 2), ROWS), weights)
    return Data(inputs, np.sin(inputs @ generator.normal(size=(inputs.shape[1], outputs))).astype(np.float32), weights)


def after(problem: Problem, data: Data, device: str, graphs: bool | None = None, rate: float = 0.01) -> State:
    engine, state = AutogradEngine(problem, {"train": data}, device, graphs), State.start(problem)
    for epoch in range(3):
        order = np.random.default_rng(epoch).permutation(ROWS)
        # a rate that falls: a graph has to see each epoch's own; 1984 rows in equal steps, and a shorter one
        engine.epoch(state, epoch, order, 64, rate / (1 + epoch), lambda: None)
    return state


def agree(one: State, other: State, tolerance: float = 2e-3) -> None:
    assert one.step == other.step
    assert np.linalg.norm(one.parameters - other.parameters) < tolerance * np.linalg.norm(other.parameters)
    for name, vector in one.moments.items():
        assert np.linalg.norm(vector - other.moments[name]) <= 10 * tolerance * np.linalg.norm(other.moments[name])


@pytest.mark.parametrize("options", OPTIMIZERS)
@pytest.mark.parametrize(("loss", "outputs"), LOSSES)
def test_a_gpu_ends_where_a_processor_does(options: dict[str, Any], loss: str, outputs: int) -> None:
    problem = Problem(Network((8, 32, 16, outputs), "tanh"), loss, seed=1, **options)
    agree(after(problem, data_for(problem), "cuda"), after(problem, data_for(problem), "cpu"))


@pytest.mark.parametrize("options", OPTIMIZERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_graphs_steps_are_those_made_call_by_call(options: dict[str, Any], weighted: bool) -> None:
    problem = Problem(Network((8, 32, 1), "relu"), "mse", seed=1, **options)
    data = data_for(problem, weighted)
    agree(after(problem, data, "cuda", graphs=True), after(problem, data, "cuda", graphs=False), 1e-4)


def test_a_graph_is_the_same_each_time() -> None:
    problem = Problem(Network((8, 32, 1), "relu"), "mse", "adam", seed=1)
    first, second = (after(problem, data_for(problem), "cuda", graphs=True) for _ in range(2))
    assert np.array_equal(first.parameters, second.parameters)


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_rougher_products_end_nearby(precision: str) -> None:
    rough = Problem(Network((8, 256, 256, 1), "tanh"), "mse", "sgd", seed=1, precision=precision)
    exact = Problem(Network((8, 256, 256, 1), "tanh"), "mse", "sgd", seed=1)
    agree(after(rough, data_for(rough), "cuda"), after(exact, data_for(exact), "cuda"), 0.02)


def test_dropout_goes_call_by_call_and_learns() -> None:
    problem = Problem(Network((8, 64, 1), "relu"), "mse", "adam", dropout=0.2, seed=1)
    engine, state = AutogradEngine(problem, {"train": data_for(problem)}, "cuda"), State.start(problem)
    before = engine.loss(state, "train")
    for epoch in range(5):
        engine.epoch(state, epoch, np.arange(ROWS), 64, 0.01, lambda: None)
    assert engine.loss(state, "train") < before
