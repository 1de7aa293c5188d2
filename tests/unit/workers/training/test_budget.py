"""The budget of time, by a clock that is set: where it ends training, what it leaves, what schedules make of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from service.domain.model.network import Network
from service.domain.spec.training import EarlyStopping, NetworkSpec, Split, TrainingSpec
from tests.unit.workers.training.running import spec_of
from workers.training import checkpoint
from workers.training.budget import Budget
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.loop import train
from workers.training.order import Order
from workers.training.problem import Data, Engine, Enough, Problem, State
from workers.training.progress import EpochEnded, Progress, why_ended
from workers.training.split import epoch_order

PROBLEM = Problem(Network((1, 1), bias=False), "mse", "sgd")
ROWS, BATCH = 1000, 10  # a hundred steps an epoch


@dataclass
class Timed:
    """An engine whose steps and evaluations take so many seconds of its own clock. Its only weight counts the steps."""

    step_seconds: float
    evaluating_seconds: float = 0.0
    cold_seconds: float = 0.0
    now: float = 0.0
    rates: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        self.rates.append(learning_rate)
        self.now += self.cold_seconds if epoch == 1 else 0.0
        try:
            for _ in range(math.ceil(len(order) / batch_size)):
                check()
                self.now += self.step_seconds
                state.step += 1
                state.parameters[:] = state.step
        except Enough:
            pass
        return 1.0

    def loss(self, state: State, part: str) -> float:
        self.now += self.evaluating_seconds
        return 1 / float(state.parameters[0])


def spec(budget: float | None, **changes: Any) -> TrainingSpec:
    asked: dict[str, Any] = {"epochs": 50, "batch_size": BATCH, "budget_seconds": budget, "split": Split(0, 0)}
    return spec_of(network=NetworkSpec("mlp", (2,)), **{**asked, **changes})


def follow(engine: Timed, asked: TrainingSpec, progress: Progress | None = None, most: int = 10**6) -> Progress:
    progress = progress or Progress(State.start(PROBLEM))
    validating = ROWS // 4 if asked.split.validates else 0
    ended = train(engine, progress, asked, 1.0, (ROWS, 1), lambda: None, None, validating, engine.clock)
    for _ in itertools.islice(ended, most):
        pass
    return progress


def test_a_first_epoch_longer_than_the_budget_ends_between_its_batches_with_the_steps_that_were_made() -> None:
    engine = Timed(0.1)  # an epoch takes 10 s
    progress = follow(engine, spec(2.0))
    assert engine.now == pytest.approx(2.0, rel=0.05)
    assert progress.chosen.tolist() == [20]
    assert [(ended.epoch, ended.share) for ended in progress.history] == [(1, 0.2)]
    why = why_ended(progress, spec(2.0))
    assert why == "training has ended in epoch 1 of 50, after 20 % of its steps: budget_seconds (2 s) is over"
    assert [ended.epoch for ended in follow(engine, spec(2.0), progress).history] == [1]  # and it goes no further


@pytest.mark.parametrize("budget", [3.3, 7.77, 12.0, 60.0])
@pytest.mark.parametrize("evaluating", [0.0, 0.2])
def test_training_takes_its_budget_within_five_percent(budget: float, evaluating: float) -> None:
    engine = Timed(0.02, evaluating)
    asked = spec(budget, split=Split(0.2, 0), early_stopping=EarlyStopping(50))
    progress = follow(engine, asked)
    assert engine.now == pytest.approx(budget, rel=0.05)
    assert progress.history[-1].validation_loss is not None
    assert progress.chosen.tolist() == [progress.state.step]


def test_a_step_longer_than_the_budget_is_made_for_there_is_to_be_a_model() -> None:
    assert follow(Timed(5.0), spec(1.0)).chosen.tolist() == [1]
    assert follow(Timed(5.0), spec(1.0, batch_size="full")).chosen.tolist() == [1]


def test_full_batches_end_before_one_that_has_no_room() -> None:
    assert follow(Timed(1.0), spec(3.5, batch_size="full")).epoch == 3
    assert follow(Timed(1.0), spec(3.9, batch_size="full")).epoch == 4  # 2.6 % over


def test_validation_longer_than_half_the_budget_is_left_out_of_an_epoch_that_is_cut_off() -> None:
    engine = Timed(0.1, evaluating_seconds=30.0)
    progress = Progress(State.start(PROBLEM))
    asked = spec(2.0, split=Split(0.2, 0), early_stopping=EarlyStopping())
    list(train(engine, progress, asked, 1.0, (ROWS, 1), lambda: None, None, 3 * ROWS, engine.clock))
    assert engine.now == pytest.approx(2.0, rel=0.05)
    assert (progress.history[0].validation_loss, progress.chosen.tolist()) == (None, [20])


def test_a_schedule_comes_to_its_end_with_the_budget() -> None:
    engine = Timed(0.01)  # 20 of 50 epochs have room
    follow(engine, spec(20.0, schedule="cosine"))
    by_hand = [0.5 * (1 + math.cos(math.pi * done / 20)) for done in range(20)]
    assert engine.rates[2:] == pytest.approx(by_hand[2:], abs=0.02)
    assert engine.rates[-1] < 0.01


def test_a_schedule_follows_a_machine_that_becomes_slower() -> None:
    engine = Timed(0.01)
    progress = follow(engine, spec(20.0, schedule="cosine"), most=8)
    engine.step_seconds = 0.03  # 12 s are left for 4 epochs
    follow(engine, spec(20.0, schedule="cosine"), progress)
    assert progress.epoch == 12
    assert engine.rates[-1] < 0.25
    assert engine.rates == sorted(engine.rates, reverse=True)


@pytest.mark.parametrize("cold", [0.0, 10.0])
def test_a_budget_that_is_not_reached_changes_no_rate(cold: float) -> None:
    with_budget, without = (Timed(0.01, cold_seconds=cold) for _ in range(2))
    follow(with_budget, spec(70.0, schedule="cosine"))
    follow(without, spec(None, schedule="cosine"))
    assert with_budget.rates == without.rates


def test_time_spent_before_a_kill_counts_and_what_was_planned_holds() -> None:
    asked = spec(20.0, schedule="cosine")
    whole, cut = Timed(0.01), Timed(0.01)
    follow(whole, asked)
    saved = checkpoint.read(checkpoint.dump(follow(cut, asked, most=7)))
    again = Timed(0.01, now=1000.0)  # another process, with another clock
    progress = follow(again, asked, saved)
    assert again.now - 1000 == pytest.approx(20 - 7)
    assert cut.rates + again.rates == pytest.approx(whole.rates)
    assert progress.epoch == 20


def test_a_checkpoint_without_the_time_spent_counts_its_epochs() -> None:
    progress = Progress(State.start(PROBLEM), [EpochEnded(1, 1.0, None, 0.1, 2.5), EpochEnded(2, 1.0, None, 0.1, 3.0)])
    written = checkpoint.dump(progress).replace(b'"spent"', b'"older"')
    assert checkpoint.read(written).spent == 5.5


def test_without_a_budget_there_is_always_room() -> None:
    budget = Budget(None)
    assert budget.has_room(1e9)
    assert not budget.is_over(EpochEnded(1, 1.0, None, 0.1, 1e9), 1, is_free=False)


@pytest.mark.parametrize("make", [FusedEngine, AutogradEngine])
@pytest.mark.parametrize("steps", [1, 3])
def test_an_epoch_that_is_cut_off_is_one_of_the_rows_before(make: Callable[..., Engine], steps: int) -> None:
    """The same weights, moments and loss as of an epoch of those rows alone."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(50, 3)).astype(np.float32)
    parts = {"train": Data(inputs, np.sin(inputs.sum(axis=1, keepdims=True)))}
    problem = Problem(Network((3, 4, 1)), "mse", "adam")
    order = epoch_order(3, 1, len(inputs))
    cut, alone = State.start(problem), State.start(problem)

    def check() -> None:
        if cut.step >= steps:
            raise Enough

    engine = make(problem, parts)
    if isinstance(engine, FusedEngine):
        engine._rows_per_second = 1.0  # it asks after every batch
    loss = engine.epoch(cut, 1, order, 10, 0.05, check)
    expected = make(problem, parts).epoch(alone, 1, order[: 10 * steps], 10, 0.05, lambda: None)
    assert loss == pytest.approx(expected, rel=1e-6)
    assert cut.step == alone.step == steps
    np.testing.assert_array_equal(cut.parameters, alone.parameters)
    for name, vector in alone.moments.items():
        np.testing.assert_array_equal(cut.moments[name], vector)
