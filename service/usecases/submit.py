"""Submit a job that learns: check the spec against its dataset, then start it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy.orm import Session

from service.domain.access.quotas import UNLIMITED, Quotas
from service.domain.described import document
from service.domain.jobs.job_spec import JobSpec
from service.domain.jobs.lifecycle import is_terminal
from service.domain.resolving.limits import Limits
from service.domain.spec.beside import Beside
from service.domain.spec.training import TrainingSpec
from service.errors import Unavailable
from service.queue import Queue
from service.store import datasets, jobs
from service.store.blobs.store import Blobs
from service.store.session import Database
from service.store.tables import JobRow, Json
from service.usecases.preflight import Checked, Preflight, check, figures_of, look, ready_datasets
from service.usecases.start import Request, Submitted, first_answer, start
from service.usecases.steering.reuse import reusable, reuse_key

log = structlog.get_logger(__name__)
SCOPE = "POST /v1/jobs"
NO_MODEL = ""  # of a job that publishes none; no model has this name


def submit(
    database: Database,
    queue: Queue,
    owner: str,
    limits: Limits,
    body: Mapping[str, Any],
    key: str | None,
    render: Callable[[JobRow], Json],
    blobs: Blobs | None = None,
    quotas: Quotas = UNLIMITED,
) -> Submitted:
    """Queue a job of the owner's. `key` is the request's Idempotency-Key; `render` makes the answer that is kept with
    it; `blobs` has the figures of datasets: without it, warnings come from their columns alone.

    Raises SpecInvalid, DatasetNotReady, IdempotencyKeyReused, QuotaExceeded.
    """
    request = Request.of(owner, SCOPE, body, key, render)
    with database.read() as session:
        if first := first_answer(session, request):
            return first
        checked = check(session, owner, limits, body)
        spec, beside = checked.resolution.spec, Beside.of(body)
        alike = reuse_key(session, owner, spec) if isinstance(spec, TrainingSpec) else None
        if beside.reuse and alike is not None and (found := reusable(session, owner, alike)):
            return Submitted(found.id, lambda: render(found), is_terminal(found.state))
    looked = _look(checked, blobs, limits)
    return start(
        database, queue, request, lambda session: _add(session, owner, checked, looked, beside.priority, alike), quotas
    )


def _look(checked: Checked, blobs: Blobs | None, limits: Limits) -> Preflight:
    """What the preflight says. A store that is away costs warnings, and no job."""
    try:
        figures = figures_of(checked, blobs)
    except Unavailable as error:
        log.warning("figures not read", dataset=checked.dataset.id, error=str(error))
        figures = figures_of(checked, None)
    return look(checked, figures, limits)


def _add(session: Session, owner: str, checked: Checked, looked: Preflight, priority: int, alike: str | None) -> JobRow:
    spec = checked.resolution.spec
    _check_still_there(session, owner, spec)
    job = jobs.add(
        session,
        owner,
        kind=spec.kind,
        spec=spec.to_json(),
        dataset_id=spec.dataset,
        model_name=spec.model if isinstance(spec, TrainingSpec) else NO_MODEL,
        lane=looked.lane,
        priority=priority,
        reuse_key=alike,
    )
    told: list[jobs.Told] = [("state", {"state": "queued"})]
    told += [("message", {"text": note}) for note in checked.resolution.notes]
    told += [("message", {"text": warned.detail, "warning": document(warned)}) for warned in looked.warnings]
    jobs.append_events(session, job.id, told)
    return job


def _check_still_there(session: Session, owner: str, spec: JobSpec) -> None:
    """The datasets may have been deleted since they were looked at. Raises SpecInvalid, DatasetNotReady."""
    other = spec.split.validation_dataset if isinstance(spec, TrainingSpec) else None
    ids = {spec.dataset, *(() if other is None else (other,))}
    if datasets.count_ready(session, owner, ids) < len(ids):
        ready_datasets(session, owner, spec)
