"""A run that was cut off and taken up again ends in the same bytes as one that was not."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.model.network import Network
from service.domain.spec.training import EarlyStopping, NetworkSpec, TrainingSpec
from tests.unit.workers.training.running import spec_of
from workers.training import checkpoint
from workers.training.engines.autograd import AutogradEngine
from workers.training.loop import train
from workers.training.problem import Data, Problem, State
from workers.training.progress import EpochEnded, Progress

EPOCHS = 8
ROWS = 60


def parts() -> dict[str, Data]:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(ROWS + 20, 4)).astype(np.float32)
    targets = np.sin(inputs.sum(axis=1, keepdims=True)).astype(np.float32)
    return {"train": Data(inputs[:ROWS], targets[:ROWS]), "validation": Data(inputs[ROWS:], targets[ROWS:])}


def advance(problem: Problem, spec: TrainingSpec, progress: Progress, epochs: int) -> None:
    """Train on as a fresh process would, for at most so many epochs."""
    for count, _ in enumerate(
        train(AutogradEngine(problem, parts()), progress, spec, 0.05, (ROWS, 4), lambda: None), 1
    ):
        if count == epochs:
            return


def left(progress: Progress) -> tuple[bytes, list[tuple[float, float | None]], int, float]:
    """All that a run ends in, but for the time it took."""
    losses = [(ended.train_loss, ended.validation_loss) for ended in progress.history]
    return (
        progress.chosen.tobytes() + progress.state.parameters.tobytes(),
        losses,
        progress.best_epoch,
        progress.best_loss,
    )


runs = st.fixed_dictionaries(
    {
        "optimizer": st.sampled_from([("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0), ("adamw", 0.0)]),
        "hidden": st.sampled_from([(), (5,), (7, 3)]),
        "batch_size": st.sampled_from(["full", 1, 16]),
        "dropout": st.sampled_from([0.0, 0.3]),
        "schedule": st.sampled_from(["constant", "cosine", "step"]),
        "stopping": st.sampled_from([None, EarlyStopping(1), EarlyStopping(3)]),
        "seed": st.integers(0, 5),
        "scaling_layer": st.booleans(),
    }
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(runs, st.lists(st.integers(1, 3), min_size=1, max_size=6))
def test_resumed_run_equals_uninterrupted_run(chosen: dict, cuts: list[int]) -> None:
    kind, momentum = chosen["optimizer"]
    network = Network((4, *chosen["hidden"], 1), "tanh")
    dropout = chosen["dropout"] if chosen["hidden"] else 0.0
    scales = chosen["scaling_layer"] and bool(chosen["hidden"])
    problem = Problem(
        network, "mse", kind, momentum=momentum, l2=0.01, dropout=dropout, seed=chosen["seed"], scaling_layer=scales
    )
    spec = spec_of(
        network=NetworkSpec("mlp"), batch_size=chosen["batch_size"], schedule=chosen["schedule"], epochs=EPOCHS,
        early_stopping=chosen["stopping"], seed=chosen["seed"],
    )  # fmt: skip
    whole = Progress(State.start(problem))
    advance(problem, spec, whole, EPOCHS)
    cut = Progress(State.start(problem))
    for epochs in cuts:
        advance(problem, spec, cut, epochs)
        cut = checkpoint.read(checkpoint.dump(cut))
    advance(problem, spec, cut, EPOCHS)
    assert left(cut) == left(whole)


def test_a_resumed_run_of_members_equals_an_uninterrupted_one() -> None:
    network = Network((4, 7, 3, 1), "tanh", members=3)
    problem = Problem(network, "mse", "adam", l2=0.01, clip_norm=0.5, dropout=0.2, scaling_layer=True)
    spec = spec_of(
        network=NetworkSpec("mlp"), members=3, batch_size=16, schedule="plateau", epochs=EPOCHS,
        early_stopping=EarlyStopping(5),
    )  # fmt: skip
    whole, cut = Progress(State.start(problem)), Progress(State.start(problem))
    advance(problem, spec, whole, EPOCHS)
    for epochs in (3, 1, EPOCHS):
        advance(problem, spec, cut, epochs)
        cut = checkpoint.read(checkpoint.dump(cut))
    assert left(cut) == left(whole)


def test_a_checkpoint_holds_everything() -> None:
    state = State(
        np.array([1.5, math.pi], dtype=np.float32),
        {"first_moment": np.array([1e-30, 2], dtype=np.float32), "second_moment": np.array([3, 4], dtype=np.float32)},
        step=17,
    )
    history = [EpochEnded(1, 0.1, None, 0.01, 1.0), EpochEnded(2, 1 / 3, 2e-300, 0.01, 1.0)]
    progress = Progress(state, history, np.array([7, 8], dtype=np.float32), 0.25, 1)
    again = checkpoint.read(checkpoint.dump(progress))
    assert again.history == history
    assert (again.best_loss, again.best_epoch, again.state.step) == (0.25, 1, 17)
    assert again.best is not None
    assert again.best.tolist() == [7, 8]
    assert again.state.parameters.tobytes() == state.parameters.tobytes()
    assert {name: vector.tobytes() for name, vector in again.state.moments.items()} == {
        name: vector.tobytes() for name, vector in state.moments.items()
    }


def test_a_checkpoint_before_any_epoch_is_a_start() -> None:
    problem = Problem(Network((4, 3, 1)), "mse", "adam")
    again = checkpoint.read(checkpoint.dump(Progress(State.start(problem))))
    assert (again.epoch, again.best, again.best_loss) == (0, None, math.inf)
    assert np.array_equal(again.state.parameters, State.start(problem).parameters)
    again.state.parameters[0] = 5  # it can be trained on: its arrays can be written
    assert again.state.parameters[0] == 5
