"""Submit a training job: check the spec against its dataset, keep it, then wake a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain.artifact import to_json
from service.domain.limits import Limits
from service.domain.other_rows import POINTER as VALIDATION_POINTER
from service.domain.resolve import Resolution, resolve
from service.domain.spec_schema import read_spec
from service.domain.table import Table
from service.errors import DatasetNotFound, DatasetNotReady, FieldError, QueueUnavailable, SpecInvalid
from service.queue import TRAIN, Queue
from service.store import answers, datasets, jobs, work
from service.store.session import Database, new_id, now
from service.store.tables import DatasetRow, JobRow, Json

log = structlog.get_logger(__name__)
SCOPE = "POST /v1/jobs"


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


def check(session: Session, limits: Limits, body: Mapping[str, Any]) -> Resolution:
    """The spec as it would be run. Raises SpecInvalid, DatasetNotReady."""
    spec = read_spec(body)
    dataset = _ready(session, spec.dataset, "/dataset")
    if spec.split.validation_dataset is None:
        return resolve(spec, _table(dataset), limits)
    other = _ready(session, spec.split.validation_dataset, VALIDATION_POINTER)
    if other.sha256 == dataset.sha256:
        detail = f"dataset {other.id} holds the very bytes that are trained on: it cannot judge; give other rows"
        raise SpecInvalid(detail, [FieldError(VALIDATION_POINTER, detail)])
    return resolve(spec, _table(dataset), limits, _table(other))


def _ready(session: Session, id: str, pointer: str) -> DatasetRow:
    try:
        dataset = datasets.get(session, id)
    except DatasetNotFound as error:
        raise SpecInvalid(error.detail, [FieldError(pointer, error.detail)]) from None
    if dataset.state == "ingesting":
        raise DatasetNotReady(f"dataset {id} is still being read; GET /v1/datasets/{id} says when it is ready")
    if dataset.state == "failed":
        reason = (dataset.error or {}).get("detail", "unknown")
        detail = f"dataset {id} could not be read ({reason}); upload it again, mended"
        raise SpecInvalid(detail, [FieldError(pointer, detail)])
    return dataset


def _table(dataset: DatasetRow) -> Table:
    return Table.from_json(dataset.rows or 0, dataset.columns or [])


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
        job = JobRow(
            id=new_id("job"),
            kind="train",
            state="queued",
            spec=resolution.spec.to_json(),
            dataset_id=resolution.spec.dataset,
            model_name=resolution.spec.model,
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
