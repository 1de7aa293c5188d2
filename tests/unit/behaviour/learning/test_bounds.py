"""What the report says of learning rates against what descent really does, through the real loop."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.cells.kinds import Kind
from service.domain.descent.rates import settle
from service.domain.report.neuron import Certificate
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.errors import WorkFailed
from tests.unit.workers.training.running import MEMORY, run, spec_of, write_table
from workers.explain.certificate import Trained, certify
from workers.explain.descent import descent_note
from workers.jobs.divergence import explained
from workers.training.data.prepare import prepare
from workers.training.design import scaled_curvature

PLAIN = OptimizerSpec("sgd", "auto", 0.0)
SEEDS = range(20)


def table(path: Path, seed: int) -> tuple[Path, dict[str, Kind]]:
    """A random problem that is well conditioned once scaled: the columns are of every size, and little alike."""
    draw = np.random.default_rng(seed)
    rows, columns = int(draw.integers(50, 300)), int(draw.integers(2, 7))
    x = draw.normal(size=(rows, columns)) + 0.4 * draw.normal(size=(rows, 1))
    y = x @ draw.normal(size=columns) + draw.uniform(0.1, 2) * draw.normal(size=rows) + 5
    cells: dict[str, Any] = {f"x{number}": x[:, number] * 10.0 ** draw.integers(-3, 4) for number in range(columns)}
    kinds: dict[str, Kind] = dict.fromkeys([*cells, "y"], "numeric")
    return write_table(path / "t", {**cells, "y": y}, kinds), kinds


def certificate(path: Path, kinds: dict[str, Kind], spec: TrainingSpec) -> Certificate:
    done = run(path, spec, kinds)
    features = {name: kind for name, kind in kinds.items() if name != "y"}
    trained = Trained(
        lambda: contextlib.nullcontext(path), spec, features, done.prepared, done.predictor, spec.epochs, 2**30
    )
    found = certify(trained, lambda: None)["y"].certificate
    assert found is not None
    return found


def stable_rate(path: Path, kinds: dict[str, Kind], spec: TrainingSpec) -> float:
    features = {name: kind for name, kind in kinds.items() if name != "y"}
    found = scaled_curvature(prepare(path, spec, features, "numeric", 100, MEMORY), True)
    assert found is not None
    return found.stable_learning_rate


@pytest.mark.parametrize("seed", SEEDS)
def test_the_recommended_rate_reaches_the_optimum_in_no_more_epochs_than_predicted(tmp_path: Path, seed: int) -> None:
    path, kinds = table(tmp_path, seed)
    spec = spec_of(split=Split(0, 0), optimizer=PLAIN, epochs=1)
    predicted = certificate(path, kinds, spec).epochs_to_millionth
    reached = certificate(path, kinds, spec_of(split=Split(0, 0), optimizer=PLAIN, epochs=predicted))
    assert reached.gap <= 1e-6 * reached.optimum_loss
    # and the prediction is no idle one: a quarter of the epochs is not enough
    early = certificate(path, kinds, spec_of(split=Split(0, 0), optimizer=PLAIN, epochs=max(1, predicted // 4)))
    assert early.gap > 1e-6 * early.optimum_loss


@pytest.mark.parametrize("seed", SEEDS)
def test_descent_diverges_just_above_the_bound_and_not_just_below(tmp_path: Path, seed: int) -> None:
    path, kinds = table(tmp_path, seed)
    bound = stable_rate(path, kinds, spec_of(split=Split(0, 0)))
    above, below = (
        spec_of(split=Split(0, 0), epochs=1000, optimizer=OptimizerSpec("sgd", share * bound, 0.0))
        for share in (1.05, 0.95)
    )
    with pytest.raises(WorkFailed, match="grown a million times") as raised:
        run(path, above, kinds)
    assert raised.value.code == "diverged"
    history = run(path, below, kinds).progress.history
    assert len(history) == 1000
    assert history[-1].train_loss <= history[0].train_loss
    assert history[-1].train_loss <= 1.0001 * min(ended.train_loss for ended in history)


def diverge(path: Path, kinds: dict[str, Kind], spec: TrainingSpec) -> WorkFailed:
    """The error that the job would end with."""
    with pytest.raises(WorkFailed) as raised:
        run(path, spec, kinds)
    features = {name: kind for name, kind in kinds.items() if name != "y"}
    prepared = prepare(path, spec, features, kinds["y"], 100, MEMORY)
    found = scaled_curvature(prepared, spec.network.bias)
    return explained(raised.value, spec, spec, found, prepared)


def named_rate(error: WorkFailed) -> float:
    return float(error.detail.split('"learning_rate": ')[1].split("}")[0])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": OptimizerSpec("sgd", 1e3, 0.9)},
        {"optimizer": OptimizerSpec("sgd", 1e3, 0.9, nesterov=True)},
        {"optimizer": OptimizerSpec("sgd", 1e3, 0.0, l2=50.0)},
        {"batch_size": 1},
        {"batch_size": 16},
        {"network": NetworkSpec("mlp", (8,), "tanh"), "optimizer": OptimizerSpec("sgd", 1e20, 0.0)},
        {"network": NetworkSpec("mlp", (8, 8)), "optimizer": OptimizerSpec("adam", 1e20)},
        {"loss": "huber", "optimizer": OptimizerSpec("sgd", 1e38, 0.0)},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_rate_that_a_divergence_names_works(tmp_path: Path, seed: int, changes: dict[str, Any]) -> None:
    path, kinds = table(tmp_path, seed)
    spec = spec_of(**{"epochs": 60, "optimizer": OptimizerSpec("sgd", 1e3, 0.0), "split": Split(0.2, 0), **changes})
    error = diverge(path, kinds, spec)
    assert error.code == "diverged"
    assert "stable below" in error.detail
    rate = named_rate(error)
    assert rate < float(spec.optimizer.learning_rate)
    mended = replace(spec, optimizer=replace(spec.optimizer, learning_rate=rate))
    history = run(path, mended, kinds).progress.history
    assert history[-1].train_loss < history[0].train_loss


def test_weights_that_overflow_in_the_last_step_are_a_divergence(tmp_path: Path) -> None:
    """No loss is computed after the last step when there are no validation rows."""
    path, kinds = table(tmp_path, 0)
    spec = spec_of(split=Split(0, 0), epochs=1, scale_target=False, optimizer=OptimizerSpec("sgd", 1e38, 0.0))
    with pytest.raises(WorkFailed) as raised:
        run(path, spec, kinds)
    assert raised.value.code == "diverged"


@pytest.mark.parametrize("l2", [1.0, 100.0])
@pytest.mark.parametrize("momentum", [0.0, "auto", 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_the_automatic_rate_knows_of_the_penalty(tmp_path: Path, l2: float, momentum: Any, nesterov: bool) -> None:
    path, kinds = table(tmp_path, 1)
    optimizer = OptimizerSpec("sgd", "auto", momentum, nesterov=nesterov and momentum != 0.0, l2=l2)
    spec = spec_of(split=Split(0, 0), optimizer=optimizer, epochs=300)
    found = certificate(path, kinds, spec)
    assert found.gap <= 1e-4 * found.optimum_loss


def test_the_note_says_where_the_bounds_are_a_guide() -> None:
    rows = 100
    assert descent_note(spec_of(optimizer=PLAIN), rows) is None
    for changes, word in (
        ({"optimizer": OptimizerSpec("sgd", 0.1, 0.9)}, "momentum"),
        ({"optimizer": OptimizerSpec("adam", 0.1)}, "adam"),
        ({"batch_size": 32}, "batches of 32"),
        ({"loss": "huber"}, "huber"),
        ({"loss": "mae"}, "constant length"),
        ({"task": "binary"}, "cross_entropy"),
        ({"network": NetworkSpec("mlp", (4,))}, "hidden layers"),
        ({"optimizer": OptimizerSpec("sgd", 0.1, 0.0, l2=0.1)}, "l2"),
        ({"schedule": "cosine"}, "cosine"),
    ):
        note = descent_note(spec_of(**{"optimizer": PLAIN, **changes}), rows)
        assert note is not None
        assert word in note
        assert note.count(";") == 1  # that reason, and no other
    assert descent_note(spec_of(optimizer=PLAIN, batch_size=200), rows) is None  # one batch


def test_momentum_is_stable_up_to_what_the_note_says(tmp_path: Path) -> None:
    """2(1 + β)/λmax, with Nesterov's 2(1 + β)/((1 + 2β)λmax): what the loop does a little below and above."""
    path, kinds = table(tmp_path, 2)
    bound, beta = stable_rate(path, kinds, spec_of(split=Split(0, 0))), 0.5
    for nesterov, factor in ((False, 1 + beta), (True, (1 + beta) / (1 + 2 * beta))):
        for share in (0.97, 1.05):
            optimizer = OptimizerSpec("sgd", share * factor * bound, beta, nesterov=nesterov)
            spec = spec_of(split=Split(0, 0), epochs=1000, optimizer=optimizer)
            diverges = pytest.raises(WorkFailed) if share > 1 else contextlib.nullcontext()
            with diverges:
                run(path, spec, kinds)


def test_settled_rates_leave_a_rate_as_asked() -> None:
    assert settle(spec_of(optimizer=OptimizerSpec("sgd", 0.3, 0.0, l2=5.0)), None, 10).learning_rate == 0.3
