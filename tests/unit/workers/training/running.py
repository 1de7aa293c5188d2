"""A training run as the worker makes it, on a Parquet file and without a database; and tables to run it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.cells.kinds import Kind
from service.domain.descent.rates import settle
from service.domain.model.artifact import MANIFEST, WEIGHTS, dump
from service.domain.model.predictor import Predictor
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from workers.training.build import make_predictor, make_problem
from workers.training.data.prepare import Prepared, prepare
from workers.training.data.room import Room
from workers.training.design import scaled_curvature
from workers.training.engines.choose import make_engine
from workers.training.held_out import HeldOut, calibrated, held_out
from workers.training.loop import train
from workers.training.problem import State
from workers.training.progress import Progress

ARROW: dict[str, pa.DataType] = {
    "numeric": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us"),
    "categorical": pa.string(),
    "text": pa.string(),
}
MEMORY = Room.of(2**32)


@dataclass(frozen=True)
class Run:
    prepared: Prepared
    progress: Progress
    predictor: Predictor
    held: HeldOut

    @property
    def files(self) -> dict[str, bytes]:
        return {name: dump(self.predictor)[name] for name in (MANIFEST, WEIGHTS)}


def spec_of(target: str = "y", task: str = "regression", **changes: Any) -> TrainingSpec:
    """A resolved spec: a linear neuron, ten epochs of full-batch descent."""
    spec = TrainingSpec(
        dataset="ds_1",
        model="m",
        target=target,
        task=task,
        split=Split(0.25, 0.1),
        network=NetworkSpec(),
        scale_target=task == "regression",
        loss="mse" if task == "regression" else "cross_entropy",
        optimizer=OptimizerSpec("sgd"),
        schedule="constant",
        batch_size="full",
        epochs=10,
        early_stopping=None,
        engine="fused",
        device="cpu",
    )
    return replace(spec, **changes)


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a table keeps a time: UTC, without saying so."""
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


def write_table(path: Path, cells: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind]) -> Path:
    """A table as ingest writes it; None is a missing cell."""
    columns = {name: pa.array(cells[name], ARROW[kind]) for name, kind in kinds.items()}
    pq.write_table(pa.table(columns), path)
    return path


def run(
    path: Path, spec: TrainingSpec, kinds: Mapping[str, Kind], most_categories: int = 100, room: Room = MEMORY
) -> Run:
    """What `workers.jobs.train` does between the table and the model's files."""
    features = {name: kind for name, kind in kinds.items() if name not in spec.targets}
    prepared = prepare(path, spec, features, kinds[spec.targets[0]], most_categories, room)
    rates = settle(spec, scaled_curvature(prepared, spec.network.bias), len(prepared.train))
    spec = rates.settled(spec)
    problem = make_problem(spec, prepared)
    parts = {name: part.data for name, part in prepared.parts.items()}
    progress = Progress(State.start(problem))
    for _ in train(
        make_engine(spec, problem, parts)[0],
        progress,
        spec,
        rates.learning_rate,
        prepared.train.inputs.shape,
        lambda: None,
    ):
        pass
    predictor = make_predictor(spec, prepared, problem.network, progress.chosen)
    held = held_out(predictor, prepared)
    return Run(prepared, progress, calibrated(predictor, held), held)
