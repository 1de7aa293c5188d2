"""Epochs, schedules, early stopping: what the loop makes of what an engine gives."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from service.domain.model.network import Network
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split
from service.errors import WorkFailed
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.training.loop import train
from workers.training.order import Order
from workers.training.problem import Problem, State
from workers.training.progress import EpochEnded, Progress, why_ended

PROBLEM = Problem(Network((1, 1), bias=False), "mse", "sgd")


class Scripted:
    """An engine whose losses are written down; its only weight is the number of the epoch."""

    def __init__(self, train_losses: list[float], validation_losses: list[float]) -> None:
        self.train_losses = train_losses
        self.validation_losses = validation_losses
        self.rates: list[float] = []
        self.orders: list[Order] = []

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        check()
        self.rates.append(learning_rate)
        self.orders.append(order)
        state.parameters[:] = epoch
        return self.train_losses[epoch - 1]

    def loss(self, state: State, part: str) -> float:
        return self.validation_losses[int(state.parameters[0]) - 1]


def follow(losses: list[float], stopping: EarlyStopping | None, epochs: int | None = None) -> Progress:
    progress = Progress(State.start(PROBLEM))
    engine = Scripted([1.0] * len(losses), losses)
    spec = spec_of(epochs=epochs or len(losses), early_stopping=stopping)
    ended = list(train(engine, progress, spec, 0.1, (5, 1), lambda: None))
    assert ended == progress.history
    return progress


def test_training_stops_after_its_patience_and_keeps_the_best_weights() -> None:
    progress = follow([5, 4, 3, 3.5, 3.2, 3.1, 1.0], EarlyStopping(patience=3))
    assert [ended.epoch for ended in progress.history] == [1, 2, 3, 4, 5, 6]
    assert (progress.best_epoch, progress.best_loss) == (3, 3)
    assert progress.chosen.tolist() == [3]
    assert progress.state.parameters.tolist() == [6]


def test_an_improvement_smaller_than_asked_for_is_none() -> None:
    progress = follow([5, 4.6, 4.4, 4.2, 4.0], EarlyStopping(patience=2, min_delta=0.5))
    # 4.6 is not 0.5 better than 5; 4.4 is; after it nothing is 0.5 better than 4.4
    assert (progress.best_epoch, len(progress.history)) == (3, 5)


def test_the_best_weights_are_kept_though_patience_never_ran_out() -> None:
    assert follow([3, 1, 2], EarlyStopping(patience=10)).chosen.tolist() == [2]


def test_without_early_stopping_the_last_weights_are_kept() -> None:
    progress = follow([3, 1, 2, 9, 9, 9], None)
    assert (progress.chosen.tolist(), len(progress.history)) == ([6], 6)


def test_what_has_stopped_goes_no_further_when_taken_up_again() -> None:
    progress = follow([5, 6, 7, 8], EarlyStopping(patience=2))
    spec = spec_of(epochs=4, early_stopping=EarlyStopping(patience=2))
    assert list(train(Scripted([1] * 4, [1] * 4), progress, spec, 0.1, (5, 1), lambda: None)) == []


@pytest.mark.parametrize(
    ("train_losses", "validation_losses"),
    [([1.0, math.nan], [1.0, 1.0]), ([1.0, math.inf], [1.0, 1.0]), ([1.0, 1.0], [1.0, math.nan])],
)
def test_a_loss_that_is_no_number_is_divergence(train_losses: list[float], validation_losses: list[float]) -> None:
    progress = Progress(State.start(PROBLEM))
    with pytest.raises(WorkFailed, match="epoch 2") as raised:
        list(train(Scripted(train_losses, validation_losses), progress, spec_of(epochs=2), 0.1, (5, 1), lambda: None))
    assert raised.value.code == "diverged"
    assert len(progress.history) == 1


@pytest.mark.parametrize(("kind", "diverges"), [("sgd", True), ("adam", False)])
def test_a_loss_a_million_times_the_first_is_divergence_where_steps_grow_with_it(kind: str, diverges: bool) -> None:
    spec = spec_of(epochs=3, split=Split(0, 0), optimizer=OptimizerSpec(kind))
    progress = Progress(State.start(PROBLEM))
    ends = pytest.raises(WorkFailed, match="million") if diverges else contextlib.nullcontext()
    with ends:
        list(train(Scripted([1.0, 0.9e6, 1.1e6], []), progress, spec, 0.1, (5, 1), lambda: None))
    assert len(progress.history) == (2 if diverges else 3)


def test_without_validation_rows_there_is_no_validation_loss() -> None:
    progress = Progress(State.start(PROBLEM))
    spec = spec_of(epochs=2, split=Split(0, 0))
    ended = list(train(Scripted([1, 1], []), progress, spec, 0.1, (5, 1), lambda: None))
    assert [epoch.validation_loss for epoch in ended] == [None, None]


def test_each_epoch_has_its_own_order_and_the_schedules_rate() -> None:
    engine = Scripted([1.0] * 9, [1.0] * 9)
    list(
        train(
            engine,
            Progress(State.start(PROBLEM)),
            spec_of(epochs=9, schedule="step", batch_size=5),
            0.5,
            (20, 1),
            lambda: None,
        )
    )
    assert engine.rates == pytest.approx([0.5] * 3 + [0.05] * 3 + [0.005] * 3)
    assert len({tuple(order) for order in engine.orders}) == 9


def test_why_it_ended_is_told() -> None:
    stopping = EarlyStopping(patience=3)
    early = why_ended(follow([5, 4, 3, 3.5, 3.2, 3.1, 1.0], stopping), spec_of(epochs=7, early_stopping=stopping))
    assert early is not None
    assert "after epoch 6 of 7: no lower validation loss since epoch 3" in early
    assert "the weights of epoch 3" in early
    kept = why_ended(follow([3, 1, 2], stopping), spec_of(epochs=3, early_stopping=stopping))
    assert kept == "the weights of epoch 2, the best on the validation rows, are kept"
    assert why_ended(follow([3, 2, 1], stopping), spec_of(epochs=3, early_stopping=stopping)) is None
    assert why_ended(follow([3, 1, 2], None), spec_of(epochs=3)) is None


def test_training_that_ends_between_two_epochs_for_its_budget_says_so() -> None:
    engine, progress, ticks = Scripted([1.0] * 9, [1.0] * 9), Progress(State.start(PROBLEM)), iter(range(10**6))
    spec = spec_of(epochs=9, budget_seconds=30.0, network=NetworkSpec("mlp", (2,)))
    list(train(engine, progress, spec, 0.1, (5, 1), lambda: None, clock=lambda: float(next(ticks))))
    assert 1 < progress.epoch < 9
    why = f"training has ended after epoch {progress.epoch} of 9: another epoch would exceed budget_seconds (30 s)"
    assert why_ended(progress, spec) == why
    # what an earlier attempt has spent counts
    assert list(train(engine, progress, spec, 0.1, (5, 1), lambda: None)) == []


def test_the_question_asked_between_batches_ends_training() -> None:
    def check() -> None:
        raise KeyboardInterrupt

    progress = Progress(State.start(PROBLEM))
    with pytest.raises(KeyboardInterrupt):
        list(train(Scripted([1.0], [1.0]), progress, spec_of(epochs=1), 0.1, (5, 1), check))
    assert progress.history == []


def test_losses_told_are_those_of_the_engine_on_the_data(tmp_path: Path) -> None:
    """One step of full-batch descent on y = 2x, from a weight of zero, by hand."""
    x = [1.0, -1.0, 2.0, -2.0]
    path = write_table(tmp_path / "t", {"x": x, "y": [2 * value for value in x]}, {"x": "numeric", "y": "numeric"})
    spec = spec_of(
        scaler="none",
        scale_target=False,
        split=Split(0, 0),
        epochs=1,
        optimizer=OptimizerSpec("sgd", learning_rate=0.1, momentum=0.0),
    )
    done = run(path, spec, {"x": "numeric", "y": "numeric"})
    assert done.progress.history[0].train_loss == pytest.approx(np.mean([4, 4, 16, 16]))
    # dL/dw = -2·mean(x·y) = -2·mean(2x²) = -10, so w = 0.1·10 = 1; the bias' gradient is zero
    assert done.predictor.parameters.tolist() == pytest.approx([1.0, 0.0])


def test_progress_counts_from_its_history() -> None:
    progress = Progress(State.start(PROBLEM))
    assert progress.epoch == 0
    progress.history.append(EpochEnded(7, 1.0, None, 0.1, 0.0))
    assert progress.epoch == 7
