"""Submit a job of any kind: check the spec against its dataset, keep it, then wake a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain.artifact import to_json
from service.domain.job_spec import JobSpec
from service.domain.limits import Limits
from service.domain.preflight.warned import Warned
from service.domain.spec import TrainingSpec
from service.errors import QueueUnavailable, Unavailable
from service.queue import TRAIN, Queue
from service.store import answers, datasets, jobs, work
from service.store.blobs import Blobs
from service.store.session import Database
from service.store.tables import JobRow, Json
from service.usecases.preflight import Checked, check, figures_of, look, ready_datasets

log = structlog.get_logger(__name__)
SCOPE = "POST /v1/jobs"
NO_MODEL = ""  # of a job that publishes none; no model has this name


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job, and what makes the answer to the client: the first one, also when the request is repeated."""

    job_id: str
    answer: Callable[[], Json] = field(compare=False)


def submit(
    database: Database,
    queue: Queue,
    limits: Limits,
    body: Mapping[str, Any],
    key: str | None,
    render: Callable[[JobRow], Json],
    blobs: Blobs | None = None,
) -> Submitted:
    """Queue a job. `key` is the request's Idempotency-Key; `render` makes the answer that is kept with it; `blobs` has
    the figures of datasets: without it, warnings come from their columns alone.

    Raises SpecInvalid, DatasetNotReady, IdempotencyKeyReused.
    """
    fingerprint = hashlib.sha256(to_json(body)).hexdigest()
    with database.read() as session:
        if first := _first(session, key, fingerprint):
            return first
        checked = check(session, limits, body)
    warnings = _warnings(checked, blobs, limits)
    try:
        submitted, is_new = _keep(database, checked, warnings, key, fingerprint, render)
    except IntegrityError:  # the same key, at the same moment: its answer is there now
        submitted, is_new = _keep(database, checked, warnings, key, fingerprint, render)
    if is_new:
        wake(database, queue, submitted.job_id)
    return submitted


def _warnings(checked: Checked, blobs: Blobs | None, limits: Limits) -> tuple[Warned, ...]:
    """What the preflight says. A store that is away costs warnings, and no job."""
    try:
        figures = figures_of(checked, blobs)
    except Unavailable as error:
        log.warning("figures not read", dataset=checked.dataset.id, error=str(error))
        figures = figures_of(checked, None)
    return look(checked, figures, limits).warnings


def wake(database: Database, queue: Queue, id: str) -> None:
    """Tell a worker of a job that is kept as sent. When the queue is away, the sweeper sends it later; when this
    process dies just now, once the wake-up counts as lost."""
    try:
        queue.send(TRAIN, id)
    except QueueUnavailable as error:
        log.warning("job not sent", job=id, error=str(error))
        with database.write() as session:
            work.mark_unsent(session, JobRow, id)


def _first(session: Session, key: str | None, fingerprint: str) -> Submitted | None:
    """What an earlier request with this key was told. Raises IdempotencyKeyReused."""
    first = None if key is None else answers.recall(session, SCOPE, key, fingerprint)
    return None if first is None else Submitted(first.resource_id, lambda: first.body)


def _keep(
    database: Database,
    checked: Checked,
    warnings: Sequence[Warned],
    key: str | None,
    fingerprint: str,
    render: Callable[[JobRow], Json],
) -> tuple[Submitted, bool]:
    with database.write() as session:
        if first := _first(session, key, fingerprint):
            return first, False
        spec = checked.resolution.spec
        _check_still_there(session, spec)
        job = jobs.add(
            session,
            kind=spec.kind,
            spec=spec.to_json(),
            dataset_id=spec.dataset,
            model_name=spec.model if isinstance(spec, TrainingSpec) else NO_MODEL,
        )
        told: list[jobs.Told] = [("state", {"state": "queued"})]
        told += [("message", {"text": note}) for note in checked.resolution.notes]
        told += [("message", {"text": warned.detail, "warning": warned.to_json()}) for warned in warnings]
        jobs.append_events(session, job.id, told)
        if key is not None:
            answers.remember(session, SCOPE, key, fingerprint, job.id, render(job))
        return Submitted(job.id, lambda: render(job)), True


def _check_still_there(session: Session, spec: JobSpec) -> None:
    """The datasets may have been deleted since they were looked at. Raises SpecInvalid, DatasetNotReady."""
    other = spec.split.validation_dataset if isinstance(spec, TrainingSpec) else None
    ids = {spec.dataset, *(() if other is None else (other,))}
    if datasets.count_ready(session, ids) < len(ids):
        ready_datasets(session, spec)
