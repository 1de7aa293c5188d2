"""The engine against plain torch.nn and torch.optim, step by step, on the same batches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from service.domain.model.network import Network
from tests.unit.workers.training import plain_torch
from workers.training.engines.autograd import AutogradEngine, dropout_seed
from workers.training.problem import Data, Problem, State

ROWS = 50


def data(classes: int = 0, targets: int = 1) -> Data:
    generator = np.random.default_rng(3)
    inputs = generator.normal(size=(ROWS, 6)).astype(np.float32)
    if classes:
        return Data(inputs, generator.integers(0, classes, ROWS))
    slopes = np.arange(6)[:, None] * np.arange(1, targets + 1) / 5
    return Data(inputs, (inputs @ slopes).astype(np.float32))


def both(
    problem: Problem, batch_size: int, rate: float, epochs: int = 4
) -> tuple[np.ndarray, np.ndarray, list[float], list[float]]:
    """Weights and epoch losses of the engine, and of plain torch."""
    outputs = problem.network.sizes[-1]
    given = data(classes=max(outputs, 2)) if problem.loss == "cross_entropy" else data(targets=outputs)
    orders = [np.random.default_rng(epoch).permutation(ROWS) for epoch in range(1, epochs + 1)]
    engine, state = AutogradEngine(problem, {"train": given}), State.start(problem)
    ours = [engine.epoch(state, epoch, order, batch_size, rate, lambda: None) for epoch, order in enumerate(orders, 1)]
    expected, theirs = plain_torch.train(problem, given, orders, batch_size, rate)
    return state.parameters, expected, ours, theirs


def agree(problem: Problem, batch_size: int = 16, rate: float = 0.05) -> None:
    weights, expected, ours, theirs = both(problem, batch_size, rate)
    assert not np.array_equal(weights, State.start(problem).parameters)
    np.testing.assert_allclose(weights, expected, rtol=2e-4, atol=2e-6)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "sgd with l1": {"optimizer": "sgd", "l1": 0.03},
    "sgd with l2": {"optimizer": "sgd", "l2": 0.3},
    "momentum with both": {"optimizer": "sgd", "momentum": 0.5, "l1": 0.01, "l2": 0.1},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    "sgd clipped": {"optimizer": "sgd", "clip_norm": 0.3},
    "adam clipped, with l2": {"optimizer": "adam", "clip_norm": 0.3, "l2": 0.3},
    "rmsprop": {"optimizer": "rmsprop"},
    "rmsprop with l2": {"optimizer": "rmsprop", "l2": 0.3},
    "adam": {"optimizer": "adam"},
    "adam with l2": {"optimizer": "adam", "l2": 0.3},
    "adam that follows soon": {"optimizer": "adam", "beta1": 0.0, "beta2": 0.95},
    "adamw": {"optimizer": "adamw"},
    "adamw that follows late": {"optimizer": "adamw", "beta1": 0.99, "beta2": 0.9999},
    "adamw with decay": {"optimizer": "adamw", "l2": 0.3},
}


@pytest.mark.parametrize("options", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_optimizer_moves_the_weights_as_torchs_own(options: dict[str, Any]) -> None:
    agree(Problem(Network((6, 5, 1), "tanh"), "mse", seed=1, **options))


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
@pytest.mark.parametrize("targets", [1, 3])
def test_every_loss_of_a_regression_is_torchs_own(loss: str, targets: int) -> None:
    agree(Problem(Network((6, 5, targets), "tanh"), loss, "sgd", seed=1, quantile=0.8))


def test_a_row_that_counts_twice_is_a_row_that_is_there_twice() -> None:
    given = data()
    weights = np.where(np.arange(ROWS) < 10, 2.0, 1.0)
    twice = np.concatenate([np.arange(ROWS), np.arange(10)])
    problem = Problem(Network((6, 5, 1), "tanh"), "mse", "sgd", seed=1)
    ends = []
    for rows, counts in ((np.arange(ROWS), weights * ROWS / weights.sum()), (twice, None)):
        own = None if counts is None else counts.astype(np.float32)
        part = Data(given.inputs[rows], given.targets[rows], own)
        engine, state = AutogradEngine(problem, {"train": part}), State.start(problem)
        for epoch in range(1, 4):
            engine.epoch(state, epoch, np.arange(len(rows)), len(rows), 0.1, lambda: None)
        ends.append((state.parameters, engine.loss(state, "train")))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-5, atol=1e-7)
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("outputs", [1, 3, 7])
def test_classes_are_learnt_by_torchs_cross_entropy(outputs: int, smoothing: float) -> None:
    problem = Problem(Network((6, 5, outputs), "tanh"), "cross_entropy", "sgd", seed=1, label_smoothing=smoothing)
    agree(problem)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_part_is_judged_by_its_true_classes(outputs: int) -> None:
    problem = Problem(Network((6, 5, outputs), "tanh"), "cross_entropy", "sgd", seed=1, label_smoothing=0.3)
    given, state = data(classes=max(outputs, 2)), State.start(problem)
    model = plain_torch.model_of(problem, state.parameters)
    true = plain_torch.batch_loss(replace(problem, label_smoothing=0.0), model, given, np.arange(ROWS)).item()
    assert AutogradEngine(problem, {"train": given}).loss(state, "train") == pytest.approx(true, rel=1e-5)


@pytest.mark.parametrize("activation", sorted(plain_torch.ACTIVATIONS))
@pytest.mark.parametrize("bias", [True, False])
def test_every_network_is_torchs_own(activation: str, bias: bool) -> None:
    agree(Problem(Network((6, 5, 4, 1), activation, bias), "mse", "sgd", seed=1))
    agree(Problem(Network((6, 1), bias=bias), "mse", "sgd"))


@pytest.mark.parametrize("batch_size", [1, 7, 16, 49, 50, 1000])
def test_every_size_of_batch_makes_torchs_own_steps(batch_size: int) -> None:
    agree(Problem(Network((6, 5, 1), "tanh"), "mse", "adam", seed=1), batch_size, rate=0.01)


@pytest.mark.parametrize("options", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_steps_that_find_their_rows_themselves_are_the_same(options: dict[str, Any]) -> None:
    """What a GPU's graph replays, made call by call: the order of rows, the rate and the sum of losses are tensors."""
    problem = Problem(Network((6, 5, 1), "tanh"), "mse", seed=1, **options)
    ends = []
    for graphs in (False, True):
        engine, state, losses = AutogradEngine(problem, {"train": data()}, graphs=graphs), State.start(problem), []
        for epoch, rate in enumerate((0.05, 0.02, 0.01)):
            order = np.random.default_rng(epoch).permutation(ROWS)
            losses.append(engine.epoch(state, epoch, order, 6, rate, lambda: None))  # 8 batches of 6, one of 2
        ends.append((state, losses))
    (plainly, plain_losses), (captured, captured_losses) = ends
    assert captured.step == plainly.step == 27
    np.testing.assert_allclose(captured.parameters, plainly.parameters, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(captured_losses, plain_losses, rtol=1e-6)


def test_products_in_bfloat16_end_near_those_in_float32() -> None:
    """bfloat16 keeps 8 bits: a product is off by up to 0.4 %, and the weights, kept in float32, by about that."""
    ends = []
    for precision in ("float32", "bf16"):
        problem = Problem(Network((6, 32, 1), "tanh"), "mse", "sgd", seed=1, precision=precision)
        engine, state = AutogradEngine(problem, {"train": data()}), State.start(problem)
        for epoch in range(20):
            engine.epoch(state, epoch, np.arange(ROWS), 10, 0.05, lambda: None)
        ends.append((state.parameters, engine.loss(state, "train")))
    (exact, loss), (rough, rough_loss) = ends
    assert not np.array_equal(exact, rough)
    assert np.linalg.norm(rough - exact) < 0.02 * np.linalg.norm(exact)
    assert rough_loss == pytest.approx(loss, rel=0.1)


def test_rows_gathered_by_pieces_make_the_same_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(Network((6, 5, 1), "tanh"), "mse", "sgd", seed=1)
    at_once = both(problem, 8, 0.05)[0]
    monkeypatch.setattr("workers.training.engines.autograd.GATHERED_BYTES", 6 * 4 * 16)
    assert np.array_equal(both(problem, 8, 0.05)[0], at_once)


@pytest.mark.parametrize("batch_size", [1, 8])
def test_an_epoch_in_pieces_makes_the_same_steps(batch_size: int) -> None:
    problem = Problem(Network((6, 4, 1)), "mse", "sgd", momentum=0.9)
    order = np.random.default_rng(0).permutation(ROWS)
    states = State.start(problem), State.start(problem)
    engine = AutogradEngine(problem, {"train": data()})
    engine.epoch(states[0], 1, order, batch_size, 0.05, lambda: None)
    for piece in (order[:batch_size], order[batch_size : 3 * batch_size], order[3 * batch_size :]):
        engine.epoch(states[1], 1, piece, batch_size, 0.05, lambda: None)
    assert states[0].step == states[1].step
    np.testing.assert_array_equal(states[0].parameters, states[1].parameters)
    np.testing.assert_array_equal(states[0].moments["momentum"], states[1].moments["momentum"])


def test_the_loss_of_a_part_is_without_penalties() -> None:
    problem = Problem(Network((6, 1)), "mse", "sgd", l1=5.0, l2=5.0)
    given = data()
    first = Data(given.inputs[:7], given.targets[:7])
    engine = AutogradEngine(problem, {"train": given, "validation": first})
    state = State(np.arange(7, dtype=np.float32), {"momentum": np.zeros(7, dtype=np.float32)})
    expected = np.mean((first.inputs @ np.arange(6) + 6 - first.targets[:, 0]) ** 2)
    assert engine.loss(state, "validation") == pytest.approx(expected, rel=1e-5)


def test_a_question_between_batches_can_end_the_epoch() -> None:
    problem = Problem(Network((6, 1)), "mse", "sgd")
    engine = AutogradEngine(problem, {"train": data()})
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.epoch(State.start(problem), 1, np.arange(ROWS), 10, 0.01, check)
    assert len(asked) == 3


def test_dropout_is_a_function_of_seed_and_epoch_and_leaves_the_judging_alone() -> None:
    problem = Problem(Network((6, 40, 1)), "mse", "sgd", dropout=0.5, seed=2)

    def after(*epochs: int) -> np.ndarray:
        engine, state = AutogradEngine(problem, {"train": data()}), State.start(problem)
        for epoch in epochs:
            engine.epoch(state, epoch, np.arange(ROWS), 10, 0.01, lambda: None)
        return state.parameters

    assert np.array_equal(after(1, 2), after(1, 2))
    assert not np.array_equal(after(1), after(2))
    assert len({dropout_seed(0, 1), dropout_seed(0, 2), dropout_seed(1, 1)}) == 3
    engine, state = AutogradEngine(problem, {"train": data()}), State.start(problem)
    assert engine.loss(state, "train") == engine.loss(state, "train")


def test_dropout_leaves_out_its_share_and_scales_up_the_rest() -> None:
    """With an identity network of constant weights, the mean score stays as it was without dropout."""
    from workers.training.engines.networks import TorchNetwork

    network = Network((1, 4000, 1), "identity", bias=False)
    torch_network = TorchNetwork(network, torch.ones(network.n_parameters) / 4000)
    scores = torch_network.scores(torch.ones(1, 1), 0.25, torch.Generator().manual_seed(0))
    plain_scores = torch_network.scores(torch.ones(1, 1))
    # 4000 values, each kept with 3/4 and scaled by 4/3: relative standard deviation sqrt(1/3 / 4000) = 0.9 %
    assert float(scores.detach()) == pytest.approx(float(plain_scores.detach()), rel=0.045)
    assert float(scores.detach()) != float(plain_scores.detach())
