"""Predict for a whole dataset: what the reference means is settled now, the rows are a worker's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from service.domain.access.quotas import UNLIMITED, Quotas
from service.domain.cells.conversion import ways
from service.domain.cells.table import Table
from service.domain.jobs.batch import BatchSpec, read_batch
from service.domain.jobs.lanes import lane_of_job
from service.domain.spec.beside import Beside
from service.errors import FieldError, NotFound, SpecInvalid
from service.queue import Queue
from service.store import datasets, jobs, models
from service.store.session import Database
from service.store.tables import JobRow, Json, VersionRow
from service.usecases.preflight import ready_dataset
from service.usecases.start import Request, Submitted, start

SCOPE = "POST /v1/batch-predictions"
# of a linear neuron, on a slow machine: a million rows of ten numbers take about a second. A wide network takes longer
FIXED_SECONDS, CELL_SECONDS = 0.2, 3e-7


def submit_batch(
    database: Database,
    queue: Queue,
    owner: str,
    body: Mapping[str, Any],
    key: str | None,
    render: Callable[[JobRow], Json],
    short_seconds: float = 0.0,
    quotas: Quotas = UNLIMITED,
) -> Submitted:
    """Queue a batch prediction of the owner's. `key` is the request's Idempotency-Key; `render` makes the answer kept
    with it; what takes `short_seconds` at most goes to the lane for short work.

    Raises SpecInvalid, also for a model or a dataset that is not there or does not fit; DatasetNotReady,
    IdempotencyKeyReused, QuotaExceeded.
    """
    asked = read_batch(body)
    request, beside = Request.of(owner, SCOPE, body, key, render), Beside.of(body)
    return start(database, queue, request, lambda session: _add(session, owner, asked, beside, short_seconds), quotas)


def _add(session: Session, owner: str, asked: BatchSpec, beside: Beside, short_seconds: float) -> JobRow:
    version = _version(session, owner, asked.model)
    datasets.count_ready(session, owner, [asked.dataset])  # from now on it is not deleted until this job needs it
    dataset = ready_dataset(session, owner, asked.dataset, "/dataset")
    features = {feature["name"]: feature["kind"] for feature in version.features}
    ways(features, Table.from_json(dataset.rows or 0, dataset.columns or []))
    of = None if version.owner == owner else version.owner
    spec = replace(asked, model=f"{models.called(version, owner)}:{version.version}")
    job = jobs.add(
        session,
        owner,
        kind=spec.kind,
        spec=spec.to_json(),
        dataset_id=dataset.id,
        model_name=version.model_name,
        model_owner=of,
        model_version=version.version,
        priority=beside.priority,
        lane=lane_of_job(FIXED_SECONDS + (dataset.rows or 0) * len(features) * CELL_SECONDS, short_seconds),
    )
    jobs.append_events(session, job.id, [("state", {"state": "queued"})])
    return job


def _version(session: Session, owner: str, ref: str) -> VersionRow:
    try:
        if "\0" in ref:
            raise NotFound("model names contain no NUL character")
        return models.resolve(session, owner, ref)
    except NotFound as error:
        raise SpecInvalid(f"/model: {error.detail}", [FieldError("/model", error.detail)]) from None
