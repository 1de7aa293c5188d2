"""The story of one training job, on one screen: prepare, train, report, publish; or the reason why not."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import structlog
import torch

from service.domain.descent.rates import settle
from service.domain.model.network import Network
from service.domain.resolving.limits import n_inputs
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from service.store import datasets
from service.store.described import dialect_of, table_of
from service.store.tables import DatasetRow, JobRow
from service.wiring import Deps
from workers.explain.certificate import Trained, certify
from workers.explain.linear_neuron import linear_neuron
from workers.export.files import taken_along
from workers.jobs.endings import explained
from workers.jobs.publish import publish
from workers.jobs.record import Recorder
from workers.jobs.report import Evidence, Learnt, Origin, make_report
from workers.jobs.rival import Contender
from workers.jobs.speed import measured
from workers.lease import Lease
from workers.training.build import make_predictor, make_problem
from workers.training.data.prepare import prepare
from workers.training.data.room import Room
from workers.training.design import scaled_curvature
from workers.training.engines.choose import make_engine
from workers.training.held_out import calibrated, held_out
from workers.training.loop import train as epochs
from workers.training.threads import computing_with, count_threads

log = structlog.get_logger(__name__)


def train(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a training job. What it raises ends the job (see `workers.jobs.endings`)."""
    recorder = Recorder(deps, lease)
    with recorder.telling(), np.errstate(over="ignore", invalid="ignore"):  # told where the figures are kept
        _train(deps, lease, recorder)


def _train(deps: Deps, lease: Lease[JobRow], recorder: Recorder) -> None:
    started = time.perf_counter()
    asked, dataset, other = recorder.start()
    spec = asked
    table = table_of(dataset)
    kinds = {column.name: column.kind for column in table.columns if column.name in (spec.features or ())}
    target = next(column for column in table.columns if column.name == spec.targets[0])
    most = deps.settings
    room = Room.of(most.training_memory_bytes, deps.blobs.spool)
    with datasets.stored_table(deps.blobs, dataset) as path, _table_of(deps, other) as other_path:
        width = n_inputs(spec, table, deps.limits)
        prepared = prepare(
            path, spec, kinds, target.kind, most.max_categories, room, other_path, style=table.style, width=width
        )
    lease.check()
    found = scaled_curvature(prepared, spec.network.bias)
    rates = settle(spec, found, len(prepared.train))
    spec = recorder.settle(spec, rates, _device(spec), prepared)
    problem = make_problem(spec, prepared)
    _check_size(problem.network, deps.settings.max_parameters)
    parts = {name: part.data for name, part in prepared.parts.items()}
    engine, how = make_engine(spec, problem, parts)
    recorder.ready(spec, how, prepared.stored_bytes)
    progress = recorder.resume(problem)
    threads = count_threads(problem.network, spec.step_rows(len(prepared.train)), deps.settings.worker_processes)
    try:
        with computing_with(threads):
            for ended in epochs(
                engine, progress, spec, rates.learning_rate, prepared.train.inputs.shape, recorder.check
            ):
                recorder.epoch(ended, progress, spec, prepared)
        recorder.end(progress, spec, prepared)
    except WorkFailed as error:
        raise explained(error, asked, spec, found, prepared) from None
    predictor = make_predictor(spec, prepared, problem.network, progress.chosen, table.style, dialect_of(dataset))
    held = held_out(predictor, prepared)
    predictor = calibrated(predictor, held)
    seconds = time.perf_counter() - started
    trained = Trained(
        partial(datasets.stored_table, deps.blobs, dataset), spec, kinds, prepared, predictor, progress.epoch,
        room.copies_bytes,
    )  # fmt: skip
    certified = certify(trained, recorder.check)
    linear = linear_neuron(spec, prepared, predictor, recorder.check) if spec.network.kind == "mlp" else None
    used = {*spec.targets, *kinds}
    notes = {column.name: column.notes for column in table.columns if column.name in used and column.notes}
    along = taken_along(predictor)
    report = make_report(
        Learnt(spec, prepared, predictor, progress, found),
        Evidence(held, certified, linear),
        Origin(dataset.sha256, other.sha256 if other else None, how, notes, seconds),
        recorder.warnings,
        along.warnings,
    )
    speed = measured(spec, prepared, problem.network, progress.history, time.perf_counter() - started)
    judging = dataset if other is None else other
    judging_table = partial(datasets.stored_table, deps.blobs, judging)
    contender = Contender(spec, prepared, predictor, judging, judging_table, report, along.files)
    version = publish(deps, lease, contender, speed, recorder.untold)
    recorder.published()
    log.info("published", job=lease.row.id, model=spec.model, version=version, seconds=round(seconds, 3))


def _table_of(deps: Deps, dataset: DatasetRow | None) -> AbstractContextManager[Path | None]:
    return nullcontext() if dataset is None else datasets.stored_table(deps.blobs, dataset)


def _device(spec: TrainingSpec) -> str:
    there = torch.cuda.is_available()
    if spec.device == "gpu" and not there:
        raise WorkFailed("gpu_unavailable", 'this worker has no GPU; use "device": "auto" or "cpu"')
    return "cpu" if spec.device == "auto" else spec.device


def _check_size(network: Network, most: int) -> None:
    if network.n_parameters > most:
        raise WorkFailed(
            "too_large", f"the network has {network.n_parameters:,} weights; at most {most:,} are allowed here"
        )
