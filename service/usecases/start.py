"""Start a job of any kind: keep it, once for a request that is repeated, then wake a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain.access.quotas import UNLIMITED, Quotas
from service.domain.model.artifact import to_json
from service.errors import QueueUnavailable
from service.queue import TRAIN, Queue, Task
from service.store import answers, work
from service.store.session import Database
from service.store.tables import JobRow, Json
from service.usecases.limits.quotas import check_job

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job, and what makes the answer to the client: the first one, also when the request is repeated."""

    job_id: str
    answer: Callable[[], Json] = field(compare=False)
    has_ended: bool = False
    """Whether it is answered with a job that has succeeded before (`"reuse": true`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an owner asks for: `key` is its Idempotency-Key, within `scope`; `render` makes the answer that is kept."""

    owner: str
    scope: str
    fingerprint: str
    key: str | None
    render: Callable[[JobRow], Json]

    @classmethod
    def of(
        cls, owner: str, scope: str, body: Mapping[str, Any], key: str | None, render: Callable[[JobRow], Json]
    ) -> Request:
        return cls(owner, scope, hashlib.sha256(to_json(body)).hexdigest(), key, render)


def first_answer(session: Session, request: Request) -> Submitted | None:
    """What an earlier request with this key was told. Raises IdempotencyKeyReused."""
    if request.key is None:
        return None
    first = answers.recall(session, request.owner, request.scope, request.key, request.fingerprint)
    return None if first is None else Submitted(first.resource_id, lambda: first.body)


def start(
    database: Database, queue: Queue, request: Request, add: Callable[[Session], JobRow], quotas: Quotas = UNLIMITED
) -> Submitted:
    """Keep the job that `add` adds with its first events, unless an earlier request has. Raises IdempotencyKeyReused,
    QuotaExceeded, and what `add` raises."""
    try:
        submitted, new = _keep(database, request, add, quotas)
    except IntegrityError:  # the same key, at the same moment: its answer is there now
        submitted, new = _keep(database, request, add, quotas)
    if new is not None:
        wake(database, queue, TRAIN, JobRow, new.id, new.lane)
    return submitted


def _keep(
    database: Database, request: Request, add: Callable[[Session], JobRow], quotas: Quotas
) -> tuple[Submitted, JobRow | None]:
    """The answer, and the job that was added for it, if one was."""
    render = request.render
    with database.write() as session:
        if first := first_answer(session, request):
            return first, None
        check_job(session, request.owner, quotas)
        job = add(session)
        if request.key is not None:
            answers.remember(
                session, request.owner, request.scope, request.key, request.fingerprint, job.id, render(job)
            )
        return Submitted(job.id, lambda: render(job)), job


def wake(database: Database, queue: Queue, task: Task, table: type[work.AnyWork], id: str, lane: str) -> None:
    """Tell a worker of a row that is kept as sent. When the queue is away, the sweeper sends it later; when this
    process dies just now, once the wake-up counts as lost."""
    try:
        queue.send(task, id, lane)
    except QueueUnavailable as error:
        log.warning("not sent", task=task.name, id=id, error=str(error))
        with database.write() as session:
            work.mark_unsent(session, table, id)
