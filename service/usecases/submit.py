"""Submit a job of any kind: check the spec against its dataset, keep it, then wake a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain.artifact import to_json
from service.domain.comparison import ComparisonSpec
from service.domain.job_spec import read_job_spec, resolve_job
from service.domain.limits import Limits
from service.domain.resolve import Resolution
from service.domain.spec import TrainingSpec
from service.domain.table import Table
from service.errors import DatasetNotFound, DatasetNotReady, FieldError, QueueUnavailable, SpecInvalid
from service.queue import TRAIN, Queue
from service.store import answers, datasets, jobs, work
from service.store.session import Database, new_id, now
from service.store.tables import JobRow, Json

log = structlog.get_logger(__name__)
SCOPE = "POST /v1/jobs"
NO_MODEL = ""  # of a job that publishes none; no model has this name


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job, and what the client is told: the first answer, also when the request is repeated."""

    job_id: str
    answer: Json


def submit(
    database: Database,
    queue: Queue,
    limits: Limits,
    body: Mapping[str, Any],
    key: str | None,
    render: Callable[[JobRow], Json],
) -> Submitted:
    """Queue a job. `key` is the request's Idempotency-Key; `render` makes the answer that is kept with it.

    Raises SpecInvalid, DatasetNotReady, IdempotencyKeyReused.
    """
    try:
        submitted, is_new = _keep(database, limits, body, key, render)
    except IntegrityError:  # the same key, at the same moment: its answer is there now
        submitted, is_new = _keep(database, limits, body, key, render)
    if is_new:
        wake(database, queue, submitted.job_id)
    return submitted


def check(
    session: Session, limits: Limits, body: Mapping[str, Any]
) -> Resolution[TrainingSpec] | Resolution[ComparisonSpec]:
    """The spec as it would be run. Raises SpecInvalid, DatasetNotReady."""
    spec = read_job_spec(body)
    try:
        dataset = datasets.get(session, spec.dataset)
    except DatasetNotFound as error:
        raise SpecInvalid(error.detail, [FieldError("/dataset", error.detail)]) from None
    if dataset.state == "ingesting":
        raise DatasetNotReady(
            f"dataset {dataset.id} is still being read; GET /v1/datasets/{dataset.id} says when it is ready"
        )
    if dataset.state == "failed":
        reason = (dataset.error or {}).get("detail", "unknown")
        detail = f"dataset {dataset.id} could not be read ({reason}); upload it again, mended"
        raise SpecInvalid(detail, [FieldError("/dataset", detail)])
    return resolve_job(spec, Table.from_json(dataset.rows or 0, dataset.columns or []), limits)


def wake(database: Database, queue: Queue, id: str) -> None:
    """Tell a worker of a job. When the queue is away, the sweeper does it later."""
    try:
        queue.send(TRAIN, id)
    except QueueUnavailable as error:
        log.warning("job not sent", job=id, error=str(error))
        return
    with database.write() as session:
        work.mark_sent(session, JobRow, [id])


def _keep(
    database: Database, limits: Limits, body: Mapping[str, Any], key: str | None, render: Callable[[JobRow], Json]
) -> tuple[Submitted, bool]:
    fingerprint = hashlib.sha256(to_json(body)).hexdigest()
    with database.write() as session:
        if key is not None and (first := answers.recall(session, SCOPE, key, fingerprint)):
            return Submitted(first.resource_id, first.body), False
        resolution = check(session, limits, body)
        spec = resolution.spec
        job = JobRow(
            id=new_id("job"),
            kind=spec.kind,
            state="queued",
            spec=spec.to_json(),
            dataset_id=spec.dataset,
            model_name=spec.model if isinstance(spec, TrainingSpec) else NO_MODEL,
            attempt=0,
            created_at=now(),
        )
        session.add(job)
        session.flush()
        jobs.append_event(session, job.id, "state", {"state": "queued"})
        for note in resolution.notes:
            jobs.append_event(session, job.id, "message", {"text": note})
        answer = render(job)
        if key is not None:
            answers.remember(session, SCOPE, key, fingerprint, job.id, answer)
        return Submitted(job.id, answer), True
