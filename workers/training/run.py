"""The story of one job, on one screen: claim, prepare, train, report, publish; or the reason why not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import structlog
import torch

from service.domain.columns import CellInvalid
from service.domain.lifecycle import JobState
from service.domain.network import Network
from service.domain.predictor import Predictor
from service.domain.spec import TrainingSpec
from service.domain.table import Table
from service.domain.written import PLAIN, TextStyle
from service.errors import DatasetNotFound, StorageFull, Unavailable, WorkFailed
from service.store import jobs
from service.store.session import now
from service.store.tables import JobRow
from service.wiring import Deps
from workers.lease import Cancelled, Lease, LeaseLost, WorkerStopping, claimed
from workers.training.engines.autograd import AutogradEngine
from workers.training.loop import train
from workers.training.prepare import Prepared, prepare
from workers.training.problem import Problem, Vector
from workers.training.publish import publish
from workers.training.rates import scaled_curvature, settle
from workers.training.record import Recorder
from workers.training.report import make_report

log = structlog.get_logger(__name__)


def run(deps: Deps, id: str) -> None:
    """Run a training job that waits; does nothing when it does not."""
    torch.set_num_threads(1)  # jobs side by side each have a core
    with claimed(deps, JobRow, id) as lease:
        if lease is not None:
            with _ends_recorded(deps, lease):
                _train(deps, lease)


def _train(deps: Deps, lease: Lease[JobRow]) -> None:
    started = time.perf_counter()
    recorder = Recorder(deps, lease)
    spec, dataset = recorder.start()
    table = Table.from_json(dataset.rows or 0, dataset.columns or [])
    kinds = {column.name: column.kind for column in table.columns if column.name in (spec.features or ())}
    target = next(column for column in table.columns if column.name == spec.target)
    with deps.blobs.local(dataset.table_key or "") as path:
        prepared = prepare(
            path, spec, kinds, target.kind, deps.settings.max_categories, deps.settings.training_memory_bytes
        )
    lease.check()
    found = scaled_curvature(prepared, spec.network.bias)
    rates = settle(spec, found, len(prepared.train))
    spec = recorder.settle(spec, rates, _device(spec))
    problem = make_problem(spec, prepared)
    _check_size(problem.network, deps.settings.max_parameters)
    parts = {name: (part.inputs, part.targets) for name, part in prepared.parts.items()}
    engine = AutogradEngine(problem, parts, "cuda" if spec.device == "gpu" else "cpu")
    progress = recorder.resume(problem)
    try:
        for ended in train(engine, progress, spec, rates.learning_rate, len(prepared.train), lease.check):
            recorder.epoch(ended, progress, spec, prepared)
        recorder.end(progress, spec, prepared)
    except WorkFailed as error:
        raise _explained(error, rates.learning_rate, spec, found.stable_learning_rate if found else None) from None
    style = TextStyle.from_json((dataset.dialect or {}).get("text_style"))
    predictor = make_predictor(spec, prepared, problem.network, progress.chosen, style)
    seconds = time.perf_counter() - started
    report = make_report(spec, prepared, predictor, progress, found, dataset.sha256, seconds, [])
    version = publish(deps, lease, predictor, report)
    log.info("published", job=lease.row.id, model=spec.model, version=version, seconds=round(seconds, 3))


def make_problem(spec: TrainingSpec, prepared: Prepared) -> Problem:
    """What the engine solves for this spec and data."""
    outputs = len(prepared.classes) if len(prepared.classes) > 2 else 1
    sizes = (prepared.transform.n_outputs, *(spec.network.hidden or ()), outputs)
    optimizer = spec.optimizer
    return Problem(
        Network(sizes, spec.network.activation, spec.network.bias),
        spec.loss,
        optimizer.kind,
        momentum=0.0 if optimizer.momentum == "auto" else optimizer.momentum,
        l1=optimizer.l1,
        l2=optimizer.l2,
        dropout=spec.network.dropout,
        seed=spec.seed,
    )


def make_predictor(
    spec: TrainingSpec, prepared: Prepared, network: Network, parameters: Vector, style: TextStyle = PLAIN
) -> Predictor:
    """The trained model, as it will answer."""
    return Predictor(
        spec.task, spec.target, prepared.transform, network, parameters, prepared.target_scale, prepared.classes, style
    )


@contextlib.contextmanager
def _ends_recorded(deps: Deps, lease: Lease[JobRow]) -> Iterator[None]:
    """Whatever ends the run ends the job, or gives it back."""
    job = lease.row
    try:
        yield
    except LeaseLost:
        log.warning("lease lost", job=job.id)
    except WorkerStopping:
        if lease.give_back():
            log.info("given back", job=job.id)
        else:  # cancelled since the last heartbeat
            _end(deps, job, "cancelled")
    except Cancelled:
        _end(deps, job, "cancelled")
    except WorkFailed as error:
        _end(deps, job, "failed", {"code": error.reason, "detail": error.detail})
    except (CellInvalid, StorageFull, DatasetNotFound) as error:
        code = "missing_values" if isinstance(error, CellInvalid) else error.code
        _end(deps, job, "failed", {"code": code, "detail": error.detail})
    except Unavailable as error:  # left to its lease: the sweeper frees it, and counts the attempt
        log.warning("job interrupted", job=job.id, error=error.detail)
    except MemoryError:
        _end(deps, job, "failed", {"code": "out_of_memory", "detail": "training needs more memory than there is"})
    except Exception as error:
        log.exception("job broke", job=job.id)
        detail = f"training met an error that Adaline does not know ({type(error).__name__}); the worker's log has it"
        _end(deps, job, "failed", {"code": "internal", "detail": detail})


def _end(deps: Deps, job: JobRow, state: JobState, error: dict[str, str] | None = None) -> None:
    with deps.database.write() as session:
        moved = jobs.move(
            session, job.id, state, job.fence, error=error, finished_at=now(), lease_until=None, checkpoint_key=None
        )
    if moved is None:
        log.warning("lease lost", job=job.id)
        return
    deps.changes.publish(job.id)
    log.info("job ended", job=job.id, state=state, **(error or {}))


def _explained(error: WorkFailed, rate: float, spec: TrainingSpec, stable: float | None) -> WorkFailed:
    if error.reason != "diverged" or stable is None:
        return error
    guide = "" if spec.optimizer.kind == "sgd" and spec.network.kind == "linear" else ", as a guide"
    return WorkFailed(
        "diverged",
        f"{error.detail}: the learning rate {rate:.4g} is too large; full-batch descent on this data is "
        f'stable below {stable:.4g}{guide}; try "learning_rate": {stable / 2:.3g}, or "auto"',
    )


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
