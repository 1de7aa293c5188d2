"""Descent on the bowl against descent over the rows: the same iterates, the same losses."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.model.network import Network
from tests.unit.workers.training import plain_torch
from workers.training.engines.fused import FusedEngine
from workers.training.engines.quadratic import QuadraticEngine
from workers.training.problem import Data, Engine, Problem, State


def go_on() -> None:
    """What a job asks when nobody has cancelled."""


def table(rows: int, inputs: int, targets: int, noise: float, weighted: bool, seed: int = 0) -> Data:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, inputs))
    Y = X @ generator.normal(size=(inputs, targets)) + 3 + noise * generator.normal(size=(rows, targets))
    weights = generator.exponential(size=rows).astype(np.float32) if weighted else None
    return Data(X.astype(np.float32), Y.astype(np.float32), weights)


bowls = st.fixed_dictionaries(
    {
        "momentum": st.sampled_from([(0.0, False), (0.9, False), (0.9, True)]),
        "l2": st.sampled_from([0.0, 0.1]),
        "bias": st.booleans(),
        "shape": st.sampled_from([(5, 1), (1, 1), (30, 3)]),
        "weighted": st.booleans(),
        "noise": st.sampled_from([0.0, 0.5]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bowls)
def test_iterates_and_losses_are_those_of_descent_over_the_rows(options: dict) -> None:
    inputs, targets = options["shape"]
    data = table(200, inputs, targets, options["noise"], options["weighted"])
    momentum, nesterov = options["momentum"]
    problem = Problem(
        Network((inputs, targets), bias=options["bias"]), "mse", "sgd", momentum, nesterov, l2=options["l2"]
    )
    held_out = table(50, inputs, targets, options["noise"], options["weighted"], seed=1)
    engines: list[Engine] = [
        engine(problem, {"train": data, "validation": held_out}) for engine in (QuadraticEngine, FusedEngine)
    ]
    states = [State.start(problem), State.start(problem)]
    for epoch in range(1, 41):
        losses = [
            engine.epoch(state, epoch, np.arange(200), 200, 0.02, go_on)
            for engine, state in zip(engines, states, strict=True)
        ]
        np.testing.assert_allclose(states[0].parameters, states[1].parameters, rtol=1e-5, atol=1e-5)
        assert losses[0] == pytest.approx(losses[1], rel=1e-4, abs=1e-9)
    judged = [engine.loss(state, "validation") for engine, state in zip(engines, states, strict=True)]
    assert judged[0] == pytest.approx(judged[1], rel=1e-4, abs=1e-9)
    expected, _ = plain_torch.train(problem, data, [np.arange(200)] * 40, 200, 0.02)
    np.testing.assert_allclose(states[0].parameters, expected, rtol=1e-5, atol=1e-5)
    assert states[0].step == 40


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_the_loss_keeps_its_digits_at_the_bottom_of_the_bowl(noise: float) -> None:
    """A target of 10⁴ ± 1 that is fitted to `noise`: YᵀY is 10⁸, the loss 10⁻⁶ or nothing."""
    data = table(5000, 4, 1, noise, False)
    data = Data(data.inputs, (data.targets + 1e4).astype(np.float32))
    problem = Problem(Network((4, 1)), "mse", "sgd")
    design = np.column_stack([data.inputs, np.ones(5000)]).astype(np.float64)
    solution = np.linalg.lstsq(design, data.targets[:, 0].astype(np.float64), rcond=None)[0]
    state = State(solution.astype(np.float32), {"momentum": np.zeros(5, dtype=np.float32)})
    residuals = design @ state.parameters.astype(np.float64) - data.targets[:, 0]
    engine = QuadraticEngine(problem, {"train": data})
    assert engine.loss(state, "train") == pytest.approx(np.mean(residuals**2), rel=1e-6)


def test_collinear_columns_and_more_columns_than_rows_are_no_trouble() -> None:
    data = table(6, 9, 1, 0.1, False)
    data.inputs[:, 3] = data.inputs[:, 2]
    problem = Problem(Network((9, 1)), "mse", "sgd", momentum=0.5)
    ours, theirs = State.start(problem), State.start(problem)
    for epoch in range(1, 30):
        QuadraticEngine(problem, {"train": data}).epoch(ours, epoch, np.arange(6), 6, 0.01, go_on)
        FusedEngine(problem, {"train": data}).epoch(theirs, epoch, np.arange(6), 6, 0.01, go_on)
    np.testing.assert_allclose(ours.parameters, theirs.parameters, rtol=1e-5, atol=1e-6)


def test_an_epoch_costs_nothing_of_the_rows() -> None:
    data = table(300_000, 10, 1, 0.3, False)
    problem = Problem(Network((10, 1)), "mse", "sgd")
    engine, state = QuadraticEngine(problem, {"train": data}), State.start(problem)
    order = np.arange(300_000)
    started = time.process_time()
    engine.epoch(state, 1, order, 300_000, 0.1, go_on)
    first = time.process_time() - started
    started = time.process_time()
    for epoch in range(2, 102):
        engine.epoch(state, epoch, order, 300_000, 0.1, go_on)
    assert time.process_time() - started < 2 * first  # a hundred epochs over the rows would be a hundred passes


def test_a_pass_over_the_rows_can_be_cancelled() -> None:
    data = table(400_000, 10, 1, 0.3, False)
    problem = Problem(Network((10, 1)), "mse", "sgd")
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        QuadraticEngine(problem, {"train": data}).epoch(
            State.start(problem), 1, np.arange(400_000), 400_000, 0.1, check
        )


def test_batches_are_refused() -> None:
    problem = Problem(Network((3, 1)), "mse", "sgd")
    engine = QuadraticEngine(problem, {"train": table(50, 3, 1, 0.1, False)})
    with pytest.raises(ValueError, match="full-batch"):
        engine.epoch(State.start(problem), 1, np.arange(50), 10, 0.1, go_on)


def test_divergence_shows_in_the_loss() -> None:
    problem = Problem(Network((3, 1)), "mse", "sgd")
    engine, state = QuadraticEngine(problem, {"train": table(50, 3, 1, 0.1, False)}), State.start(problem)
    losses = [engine.epoch(state, epoch, np.arange(50), 50, 1e3, go_on) for epoch in range(1, 60)]
    assert not np.isfinite(losses[-1])
