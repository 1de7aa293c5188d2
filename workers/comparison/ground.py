"""What the three descents of one scaling share: an engine on the prepared rows, the curvature, losses to go between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from service.domain.jobs.comparison import ComparisonSpec
from service.domain.model.predictor import TargetScale
from service.domain.spec.engines import choose_engine
from service.settings import Settings
from service.store.described import table_of
from service.store.tables import DatasetRow
from workers.comparison.descent import MOST_STEPS, Descent
from workers.comparison.least import least_loss
from workers.comparison.rates import LossRange, Terrain, learning_rate, stable_learning_rate, survey
from workers.training.build import make_problem
from workers.training.data.prepare import prepare
from workers.training.data.room import Room
from workers.training.engines.choose import make_stepping_engine
from workers.training.problem import Engine, Problem, State

SCALERS = {True: "standard", False: "none"}


@dataclass(frozen=True, slots=True)
class Ground:
    """`most_steps` are allowed to one descent, by the engine's speed; `baseline` is the loss of always saying the mean
    (or equal odds), `least` the exact optimum or None; both in units of the scaled target."""

    scaled: bool
    engine: Engine
    most_steps: int
    problem: Problem
    terrain: Terrain
    scale: TargetScale
    baseline: float
    least: float | None

    def descents(self, spec: ComparisonSpec) -> list[Descent]:
        """Batch, stochastic and mini-batch descent, each with its learning rate."""
        rows = self.terrain.rows
        losses = None if self.least is None else LossRange(self.baseline, self.least)
        sizes = {"batch": rows, "stochastic": 1, "mini-batch": min(spec.mini_batch, rows)}
        return [
            Descent(name, self.scaled, size, learning_rate(spec, self.terrain, size, losses))
            for name, size in sizes.items()
        ]

    def stable_learning_rate(self, spec: ComparisonSpec, descent: Descent) -> float:
        """Below it the descent cannot diverge (behind a hidden layer: a guide)."""
        return stable_learning_rate(spec, self.terrain, descent.batch_size)


def lay(path: Path, spec: ComparisonSpec, dataset: DatasetRow, scaled: bool, settings: Settings) -> Ground:
    """The ground for descents on this table. Raises WorkFailed."""
    training = spec.training(SCALERS[scaled])
    table = table_of(dataset)
    kinds, (target_kind,) = table.kinds(spec.features or ()), table.kinds([spec.target]).values()
    room = Room.of(settings.training_memory_bytes)
    prepared = prepare(
        path, training, kinds, target_kind, settings.max_categories, room, from_disk=False, style=table.style
    )
    problem = make_problem(training, prepared)
    training = replace(training, engine=choose_engine(training, prepared.transform.n_outputs)[0])
    engine, _ = make_stepping_engine(training, problem, {"train": prepared.train.data})
    start = State.start(problem)
    start.parameters[:] = np.zeros_like(start.parameters)
    return Ground(
        scaled,
        engine,
        MOST_STEPS[training.engine],
        problem,
        survey(prepared, spec.network.bias),
        prepared.target_scale,
        engine.loss(start, "train"),
        least_loss(path, training, kinds, prepared),
    )
