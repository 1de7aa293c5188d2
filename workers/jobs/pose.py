"""From what a training job asks for to what is to be solved: its rows prepared, its choices made, an engine."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace

from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import Rates, settle
from service.domain.resolving.limits import n_inputs
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from service.store import datasets
from service.wiring import Deps
from workers.jobs.record.training import AskedTraining
from workers.training.build import make_problem
from workers.training.data.prepare import Prepared, prepare
from workers.training.data.room import Room
from workers.training.design import scaled_curvature
from workers.training.engines.choose import choose_device, make_engine
from workers.training.problem import Engine, Problem


@dataclass(frozen=True, slots=True)
class Posed:
    """What the rows have settled: the rates, the spec without an `auto`, what is minimised, and the engine, with a
    sentence on how it goes through the rows. `curvature` is that of the design that the network reads."""

    asked: AskedTraining
    prepared: Prepared
    curvature: Curvature | None
    rates: Rates
    spec: TrainingSpec
    problem: Problem
    engine: Engine
    how: str


def prepared_for(deps: Deps, asked: AskedTraining, joins: bool = False, taken_bytes: int = 0) -> Prepared:
    """The rows as the engines read them; `joins` says that validation rows train as well, and `taken_bytes` are those
    of memory that others take beside them. Raises WorkFailed, StorageFull."""
    spec, table, settings = asked.spec, asked.table, deps.settings
    width, other, room = n_inputs(spec, table, deps.limits), asked.other, room_of(deps).beside(taken_bytes)
    there = nullcontext() if other is None else datasets.stored_table(deps.blobs, other)
    with datasets.stored_table(deps.blobs, asked.dataset) as path, there as other_path:
        return prepare(
            path, spec, asked.kinds, asked.target_kind, settings.max_categories, room, other_path,
            style=table.style, width=width, order_kind=asked.order_kind, joins=joins,
        )  # fmt: skip


def pose(asked: AskedTraining, prepared: Prepared, most_parameters: int) -> Posed:
    """The problem to solve, with all choices made. Raises WorkFailed."""
    curvature = scaled_curvature(prepared, asked.spec.network.bias)
    rates = settle(asked.spec, curvature, len(prepared.train))
    spec = replace(rates.settled(asked.spec), device=choose_device(asked.spec))
    problem = make_problem(spec, prepared)
    if (n := problem.network.n_parameters) > most_parameters:
        raise WorkFailed("too_large", f"the network has {n:,} weights; at most {most_parameters:,} are allowed")
    engine, how = make_engine(spec, problem, {name: part.data for name, part in prepared.parts.items()})
    return Posed(asked, prepared, curvature, rates, spec, problem, engine, how)


def room_of(deps: Deps) -> Room:
    """How much memory a training may take here, and where the rest of its rows is kept."""
    return Room.of(deps.settings.training_memory_bytes, deps.blobs.spool)
