"""Nothing is fitted on what it is later judged by; the same spec, data and seed give the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.model.artifact import MANIFEST, WEIGHTS
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import run, spec_of, write_table
from tests.unit.workers.training.tables import KINDS, random_cells, random_target, replaced
from workers.training.split import TEST, VALIDATION, split_rows

ROWS = 60
SPLIT = Split(0.25, 0.15)
LINEAR, MLP = NetworkSpec(), NetworkSpec("mlp", (4,), "tanh")
steady = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

specs = st.builds(
    lambda task, missing, scaler, network, optimizer, batch_size, seed: spec_of(
        task=task, missing=missing, scaler=scaler, network=network, optimizer=OptimizerSpec(optimizer), epochs=3,
        batch_size=batch_size, seed=seed, split=SPLIT,
    ),
    st.sampled_from(["regression", "binary", "multiclass"]),
    st.sampled_from(["mean", "median", "most_frequent", "drop", "error"]),
    st.sampled_from(["standard", "minmax", "robust", "none"]),
    st.sampled_from([LINEAR, MLP]),
    st.sampled_from(["sgd", "adam", "adamw"]),
    st.sampled_from(["full", 7]),
    st.integers(0, 50),
)  # fmt: skip


def files_of(path: Path, cells: dict[str, list[Any]], spec: TrainingSpec, target: str) -> dict[str, bytes]:
    kinds = {**KINDS, "y": target}
    return run(write_table(path, cells, kinds), spec, kinds, most_categories=4).files  # type: ignore[arg-type]  # a kind


def held_out(spec: TrainingSpec, y: list[Any]) -> np.ndarray:
    """The rows that validate or test."""
    codes = None
    if spec.task != "regression":
        codes = np.array([sorted(set(y)).index(label) for label in y])
    parts = split_rows(spec.seed, np.ones(len(y), dtype=bool), SPLIT.validation, SPLIT.test, codes)
    return np.flatnonzero((parts == VALIDATION) | (parts == TEST))


@steady
@given(specs, st.integers(0, 10_000))
def test_the_rows_that_judge_a_model_leave_no_trace_in_it(tmp_path: Path, spec: TrainingSpec, seed: int) -> None:
    generator = np.random.default_rng(seed)
    gaps = 0.0 if spec.missing == "error" else 0.06
    cells = random_cells(generator, ROWS, gaps)
    y, kind = random_target(generator, ROWS, spec.task)
    rows = held_out(spec, y)
    assert 0.3 * ROWS < len(rows) < 0.5 * ROWS
    others = random_cells(generator, ROWS, 3 * gaps, colours=("never", "seen", "red"))
    others["n1"] = [None if cell is None else 1e6 * cell for cell in others["n1"]]
    other_y = [1e9 * value for value in y] if spec.task == "regression" else y
    before = files_of(tmp_path / "a", {**cells, "y": y}, spec, kind)
    after = files_of(tmp_path / "b", replaced({**cells, "y": y}, {**others, "y": other_y}, rows), spec, kind)
    # but for what intervals are taken from: how far the model is off on these very rows
    assert _without_calibration(after[MANIFEST]) == _without_calibration(before[MANIFEST])
    assert after[WEIGHTS] == before[WEIGHTS]


def _without_calibration(manifest: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(manifest)
    told.pop("calibration", None)
    return told


@pytest.mark.parametrize("column", [*KINDS, "y"])
def test_every_column_of_a_training_row_leaves_its_trace(tmp_path: Path, column: str) -> None:
    """Without this, the property above would hold for a model that learns nothing."""
    generator = np.random.default_rng(1)
    cells = random_cells(generator, ROWS, 0.0)
    y, kind = random_target(generator, ROWS, "regression")
    spec = spec_of(split=SPLIT, epochs=3, network=MLP, optimizer=OptimizerSpec("adam"))
    row = np.setdiff1d(np.arange(ROWS), held_out(spec, y))[:1]
    whole = {**cells, "y": y}
    others = {name: [*column[1:], column[0]] for name, column in whole.items()}
    others["flag"] = [not cell for cell in whole["flag"]]
    others["colour"] = ["red" if cell != "red" else "blue" for cell in whole["colour"]]
    changed = {**whole, column: replaced(whole, others, row)[column]}
    assert files_of(tmp_path / "a", whole, spec, kind) != files_of(tmp_path / "b", changed, spec, kind)


def test_early_stopping_alone_looks_at_the_validation_rows_and_never_at_the_test_rows(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    cells = random_cells(generator, ROWS, 0.0)
    y, kind = random_target(generator, ROWS, "regression")
    spec = spec_of(
        split=SPLIT, epochs=30, network=MLP, optimizer=OptimizerSpec("adam", 0.05), early_stopping=EarlyStopping(3)
    )
    whole = {**cells, "y": y}
    others = {**random_cells(generator, ROWS, 0.0), "y": [1e9 * value for value in y]}
    parts = split_rows(spec.seed, np.ones(ROWS, dtype=bool), SPLIT.validation, SPLIT.test)
    changed = replaced(whole, others, np.flatnonzero(parts == TEST))
    assert files_of(tmp_path / "a", whole, spec, kind) == files_of(tmp_path / "b", changed, spec, kind)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("network", [LINEAR, replace(MLP, dropout=0.2)])
def test_the_same_job_twice_is_the_same_bytes_and_another_seed_others(
    tmp_path: Path, task: str, network: NetworkSpec
) -> None:
    generator = np.random.default_rng(4)
    cells = random_cells(generator, ROWS, 0.1)
    y, kind = random_target(generator, ROWS, task)
    spec = spec_of(task=task, network=network, optimizer=OptimizerSpec("adam"), batch_size=8, early_stopping=None)
    first, again, other = (
        files_of(tmp_path / str(number), {**cells, "y": y}, replace(spec, seed=seed), kind)
        for number, seed in enumerate([0, 0, 1])
    )
    assert first == again
    assert first[WEIGHTS] != other[WEIGHTS]
