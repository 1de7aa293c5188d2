"""A table on the disk: the same weights, losses and metrics as in memory, and an order that mixes its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.cells.kinds import Kind
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import MEMORY, run, spec_of
from workers.jobs.report import judge
from workers.training.data.prepare import prepare
from workers.training.data.room import Room
from workers.training.order import is_large

ROWS, COLUMNS = 60_000, 60  # 14 MB of inputs: more than a cache holds, and less than a window
KINDS: dict[str, Kind] = {**{f"x{number}": "numeric" for number in range(COLUMNS)}, "y": "numeric", "c": "categorical",
                          "w": "numeric"}  # fmt: skip


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    target = inputs[:, :5].sum(axis=1) + np.sin(3 * inputs[:, 0]) + generator.normal(size=ROWS)
    cells = {f"x{number}": inputs[:, number].astype(np.float64) for number in range(COLUMNS)}
    others = {
        "y": target,
        "c": np.array(["low", "middle", "high"])[np.digitize(target, [-1, 2])],
        "w": generator.uniform(0, 2, ROWS),
    }
    path = tmp_path_factory.mktemp("wide") / "table.parquet"
    pq.write_table(pa.table(cells | others), path)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 32, "epochs": 2},
        {"batch_size": 1000, "epochs": 2, "network": NetworkSpec("mlp", (8,)), "task": "multiclass", "target": "c",
         "weight_column": "w", "optimizer": OptimizerSpec("adam", 0.01)},
        {"batch_size": "full", "epochs": 2, "loss": "huber"},
        {"batch_size": "full", "epochs": 20},
        {"batch_size": 50_000, "epochs": 2, "target": ("y", "w")},
    ],
    ids=["linear", "classes", "batch", "bowl", "targets"],
)  # fmt: skip
def test_a_model_trained_from_the_disk_is_that_trained_in_memory(
    wide: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    features = tuple(f"x{number}" for number in range(COLUMNS))
    spec = spec_of(**{"features": features, **changes})
    kinds = {name: KINDS[name] for name in (*features, *spec.targets)}
    here, there = (run(wide, spec, kinds, room=room) for room in (MEMORY, Room(0, 0, 0, tmp_path)))
    assert is_large(here.prepared.train.inputs.shape)
    assert (here.prepared.stored_bytes > 0, there.prepared.stored_bytes > 0) == (False, True)
    assert here.files == there.files
    told = [[(ended.train_loss, ended.validation_loss) for ended in one.progress.history] for one in (here, there)]
    assert told[0] == told[1]
    for part in ("train", "validation", "test"):
        one, other = (judge(each.predictor, each.prepared.parts[part]) for each in (here, there))
        assert one == other
        assert np.array_equal(here.prepared.parts[part].truth[:], there.prepared.parts[part].truth[:])


def sorted_table(directory: Path, order: Callable[[np.ndarray], np.ndarray]) -> Path:
    """900,000 rows, in the order of what is to be learnt."""
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(900_000, 12)).astype(np.float32)
    target = inputs @ np.arange(12) / 10 + np.abs(inputs[:, 0]) + 0.5 * generator.normal(size=len(inputs))
    rows = order(target)
    path = directory / f"{len(list(directory.iterdir()))}.parquet"
    cells = {f"x{number}": inputs[rows, number].astype(np.float64) for number in range(12)}
    pq.write_table(pa.table({**cells, "y": target[rows]}), path)
    return path


def test_a_table_sorted_by_its_target_trains_as_well_as_a_shuffled_one(tmp_path: Path) -> None:
    """Where blocks of neighbours are what is drawn. The shuffled table's losses differ from seed to seed as well."""
    kinds: dict[str, Kind] = {**{f"x{number}": "numeric" for number in range(12)}, "y": "numeric"}
    spec = spec_of(
        features=tuple(kinds)[:-1], split=Split(0.1, 0.0), network=NetworkSpec("mlp", (8,)), batch_size=64, epochs=3,
        optimizer=OptimizerSpec("adam", 0.003),
    )  # fmt: skip

    def loss_of(path: Path, spec: TrainingSpec) -> float:
        done = run(path, spec, kinds, room=Room(0, 0, 0, tmp_path))
        assert is_large(done.prepared.train.inputs.shape)
        last = done.progress.history[-1].validation_loss
        assert last is not None
        return last

    mixed = loss_of(sorted_table(tmp_path, lambda target: np.arange(len(target))), spec)
    ordered = loss_of(sorted_table(tmp_path, np.argsort), spec)
    assert ordered == pytest.approx(mixed, rel=0.02)


def test_explanations_of_many_rows_are_of_some_of_them(wide: Path, tmp_path: Path) -> None:
    """What is left of a part is a sample of it, with its rows' places in the table."""
    kinds: dict[str, Kind] = {"x0": "numeric", "x1": "numeric"}
    spec = spec_of(features=("x0", "x1"), split=Split(0.5, 0.2))
    whole = prepare(wide, spec, kinds, "numeric", 100, Room(0, 0, 0, tmp_path))
    some = whole.with_some_held_out(most=1000)
    table = pq.read_table(wide, columns=["x0", "y"])
    for name in ("validation", "test"):
        part, rows = some.parts[name], some.rows_of(name)
        assert (len(part), len(rows)) == (1000, 1000)
        assert np.isin(rows, whole.rows_of(name)).all()
        assert np.array_equal(part.truth[:], table["y"].to_numpy()[rows])
        scaled = (table["x0"].to_numpy()[rows] - whole.transform.centre[0]) / whole.transform.scale[0]
        np.testing.assert_allclose(part.inputs[:][:, 0], scaled, rtol=1e-5, atol=1e-6)
        assert np.abs(rows.mean() / ROWS - 0.5) < 5 * np.sqrt(1 / 12 / 1000)  # from everywhere
    assert some.train is whole.train
    same = whole.with_some_held_out()
    assert same.parts["validation"] is whole.parts["validation"]
