"""Engines change no job's outcome: whichever trains, the model is the same to float32's precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.domain.cells.kinds import Kind
from service.domain.spec.training import NetworkSpec, OptimizerSpec
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.training.build import make_problem
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.choose import make_engine
from workers.training.engines.fused import FusedEngine
from workers.training.engines.quadratic import QuadraticEngine

KINDS: dict[str, Kind] = {"a": "numeric", "b": "numeric", "y": "numeric"}


def table(path: Path) -> Path:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=200), generator.normal(size=200)
    return write_table(path / "table.parquet", {"a": a, "b": b, "y": np.sin(2 * a) + b}, KINDS)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": OptimizerSpec("sgd", momentum=0.5, nesterov=True, l2=0.1)},
        {"batch_size": 32},
        {"network": NetworkSpec("mlp", (7,), "tanh"), "optimizer": OptimizerSpec("adam"), "batch_size": 32},
    ],
)
def test_the_engines_learn_the_same_model(changes: dict[str, Any], tmp_path: Path) -> None:
    path = table(tmp_path)
    runs = [run(path, spec_of(engine=engine, **changes), KINDS) for engine in ("fused", "autograd")]
    np.testing.assert_allclose(runs[0].progress.chosen, runs[1].progress.chosen, rtol=1e-4, atol=1e-5)
    losses = [[ended.validation_loss for ended in each.progress.history] for each in runs]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "engine", "says"),
    [
        ({}, QuadraticEngine, "Gram matrix"),
        ({"batch_size": 32}, FusedEngine, "compiled kernel"),
        ({"engine": "autograd"}, AutogradEngine, "torch"),
    ],
)
def test_a_job_hears_which_engine_goes_through_its_rows_and_how(
    changes: dict[str, Any], engine: type, says: str, tmp_path: Path
) -> None:
    made = run(table(tmp_path), spec_of(), KINDS)
    spec = replace(spec_of(), **changes)
    parts = {name: part.data for name, part in made.prepared.parts.items()}
    chosen, how = make_engine(spec, make_problem(spec, made.prepared), parts)
    assert isinstance(chosen, engine)
    assert says in how
