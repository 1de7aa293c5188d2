from __future__ import annotations

from pathlib import Path

import pytest

from service.domain.model.network import Network
from service.domain.preflight.memory import optimizer_bytes
from service.domain.spec.training import Split
from service.domain.vocabulary.optimizers import OPTIMIZERS
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.jobs.speed import measured
from workers.training.problem import Problem, State
from workers.training.progress import Progress


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_estimate_counts_the_vectors_that_each_optimizer_keeps(optimizer: str) -> None:
    state = State.start(Problem(Network((3, 2)), "mse", optimizer))
    kept_bytes = sum(vector.nbytes for vector in state.moments.values())
    assert optimizer_bytes(OPTIMIZERS[optimizer], len(state.parameters)) == kept_bytes


def test_a_run_is_measured_by_its_median_epoch_and_the_rest(tmp_path: Path) -> None:
    cells = {"a": [float(n % 7) for n in range(100)], "y": [float(n % 7) * 2 for n in range(100)]}
    kinds = {"a": "numeric", "y": "numeric"}
    spec = spec_of(epochs=5, batch_size=32, split=Split(0.2, 0.0))
    done = run(write_table(tmp_path / "t", cells, kinds), spec, kinds)  # type: ignore[arg-type]
    history = done.progress.history
    in_epochs = sum(ended.seconds for ended in history)
    rows = {name: len(part) for name, part in done.prepared.parts.items()}
    found = measured(spec, rows, done.predictor.network, done.progress, in_epochs + 0.25)
    assert (found.rows, found.batch, found.weights, found.cells) == (80, 32, 2, 100)
    assert found.epoch_seconds == sorted(ended.seconds for ended in history)[2]
    assert found.other_seconds == pytest.approx(0.25)
    resumed = measured(spec, rows, done.predictor.network, done.progress, 0.0)
    assert resumed.other_seconds == 0.0
    done.progress.refit = Progress(done.progress.state, history[:2])
    refitted = measured(spec, rows, done.predictor.network, done.progress, in_epochs + 0.25)
    assert refitted.other_seconds == pytest.approx(0.25 - history[0].seconds - history[1].seconds)
