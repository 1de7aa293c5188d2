"""The story of one training job, on one screen: prepare, pose, learn, judge, publish; or the reason why not."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import structlog

from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import Rates, settle
from service.domain.resolving.limits import n_inputs
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from service.store import datasets
from service.store.described import dialect_of
from service.store.tables import JobRow
from service.wiring import Deps
from workers.explain.certificate import Trained, certify
from workers.explain.linear_neuron import linear_neuron
from workers.jobs.choices import choices
from workers.jobs.divergence import explained
from workers.jobs.publish import publish
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import Asked, Recorder, asked_of, tell_choices
from workers.jobs.report import make_report
from workers.jobs.rival import Contender
from workers.jobs.speed import measured
from workers.lease import Lease
from workers.training.build import make_predictor, make_problem
from workers.training.data.prepare import Prepared, prepare
from workers.training.data.room import Room
from workers.training.design import scaled_curvature
from workers.training.engines.choose import choose_device, make_engine
from workers.training.held_out import calibrated, held_out
from workers.training.loop import train as epochs
from workers.training.problem import Engine, Problem
from workers.training.threads import computing_with, count_threads

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posed:
    """What the rows have settled: the rates, the spec without an `auto`, what is minimised, and the engine, with a
    sentence on how it goes through the rows. `curvature` is that of the design that the network reads."""

    asked: Asked
    prepared: Prepared
    curvature: Curvature | None
    rates: Rates
    spec: TrainingSpec
    problem: Problem
    engine: Engine
    how: str


def train(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a training job. What it raises ends the job (see `workers.jobs.endings`)."""
    started = time.perf_counter()
    teller = Teller(deps, lease)
    with teller.telling(), np.errstate(over="ignore", invalid="ignore"):  # told where the figures are kept
        asked = asked_of(teller)
        prepared = _prepare(deps, asked)
        lease.check()
        posed = _pose(asked, prepared, deps.settings.max_parameters)
        chosen = choices(asked.spec, posed.rates, posed.spec.device, prepared.transform)
        tell_choices(teller, posed.spec, prepared, chosen, posed.how)
        recorder = Recorder(teller, posed.spec, prepared, posed.problem, started)
        _learn(posed, recorder, deps.settings.worker_processes)
        contender = _judge(deps, posed, recorder, started)
        seconds = time.perf_counter() - started
        speed = measured(posed.spec, prepared, posed.problem.network, recorder.progress.history, seconds)
        version = publish(teller, contender, speed)
        recorder.published()
    log.info("published", job=lease.row.id, model=posed.spec.model, version=version, seconds=round(seconds, 3))


def _prepare(deps: Deps, asked: Asked) -> Prepared:
    """The rows as the engines read them. Raises WorkFailed, StorageFull."""
    spec, table, settings = asked.spec, asked.table, deps.settings
    width, other = n_inputs(spec, table, deps.limits), asked.other
    there = nullcontext() if other is None else datasets.stored_table(deps.blobs, other)
    with datasets.stored_table(deps.blobs, asked.dataset) as path, there as other_path:
        return prepare(
            path, spec, asked.kinds, asked.target_kind, settings.max_categories, _room(deps), other_path,
            style=table.style, width=width,
        )  # fmt: skip


def _pose(asked: Asked, prepared: Prepared, most_parameters: int) -> Posed:
    """The problem to solve, with all choices made. Raises WorkFailed."""
    curvature = scaled_curvature(prepared, asked.spec.network.bias)
    rates = settle(asked.spec, curvature, len(prepared.train))
    spec = replace(rates.settled(asked.spec), device=choose_device(asked.spec))
    problem = make_problem(spec, prepared)
    if (n := problem.network.n_parameters) > most_parameters:
        raise WorkFailed("too_large", f"the network has {n:,} weights; at most {most_parameters:,} are allowed here")
    engine, how = make_engine(spec, problem, {name: part.data for name, part in prepared.parts.items()})
    return Posed(asked, prepared, curvature, rates, spec, problem, engine, how)


def _learn(posed: Posed, recorder: Recorder, processes: int) -> None:
    """Make the epochs that are left. Raises WorkFailed, and what ends the job otherwise."""
    spec, shape = posed.spec, posed.prepared.train.inputs.shape
    threads = count_threads(posed.problem.network, spec.step_rows(shape[0]), processes)
    rate = posed.rates.learning_rate
    try:
        with computing_with(threads):
            for ended in epochs(posed.engine, recorder.progress, spec, rate, shape, recorder.check):
                recorder.epoch(ended)
        recorder.end()
    except WorkFailed as error:
        raise explained(error, posed.asked.spec, spec, posed.curvature, posed.prepared) from None


def _judge(deps: Deps, posed: Posed, recorder: Recorder, started: float) -> Contender:
    """The model, and what can be said of it."""
    asked, spec, prepared, progress = posed.asked, posed.spec, posed.prepared, recorder.progress
    dataset, other, table_of = asked.dataset, asked.other, partial(partial, datasets.stored_table, deps.blobs)
    network, dialect = posed.problem.network, dialect_of(dataset)
    predictor = make_predictor(spec, prepared, network, progress.chosen, asked.table.style, dialect)
    held = held_out(predictor, prepared)
    predictor = calibrated(predictor, held)
    seconds = time.perf_counter() - started
    trained = Trained(
        table_of(dataset), spec, asked.kinds, prepared, predictor, progress.epoch, _room(deps).copies_bytes
    )
    certified = certify(trained, recorder.check)
    linear = linear_neuron(spec, prepared, predictor, recorder.check) if spec.network.kind == "mlp" else None
    sources = (dataset.sha256, other.sha256 if other else None)
    report = make_report(
        spec, prepared, predictor, held, progress, posed.curvature, certified, linear, sources, seconds, asked.warnings
    )
    report["lineage"]["engine_note"] = posed.how
    report["lineage"]["column_notes"] = asked.column_notes
    judging = other or dataset
    return Contender(spec, prepared, predictor, judging, table_of(judging), report)


def _room(deps: Deps) -> Room:
    return Room.of(deps.settings.training_memory_bytes, deps.blobs.spool)
