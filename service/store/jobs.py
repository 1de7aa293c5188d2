"""Queries on jobs and their events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, defer

from service.domain.lifecycle import EventType, JobState, sources
from service.domain.speed import Speed
from service.errors import JobNotFound
from service.store.paging import Page, page
from service.store.session import now
from service.store.tables import EventRow, JobRow, Json

Told = tuple[EventType, Json]  # of an event: its type and data


def get(session: Session, id: str, *, for_change: bool = False) -> JobRow:
    """The job; with `for_change` nobody else can move it until this transaction ends. Raises JobNotFound."""
    row = session.get(JobRow, id, with_for_update=for_change)
    if row is None:
        raise JobNotFound(f"there is no job {id!r}; GET /v1/jobs lists those there are")
    return row


def listing(
    session: Session, limit: int, after: str | None, state: str | None, kind: str | None, model: str | None
) -> Page[JobRow]:
    query = select(JobRow).options(defer(JobRow.result, raiseload=True))  # a result may be large, and no list tells it
    for column, value in ((JobRow.state, state), (JobRow.kind, kind), (JobRow.model_name, model)):
        if value is not None:
            query = query.where(column == value)
    return page(session, query, JobRow.id, limit, after, lambda row: row.id)


def move(
    session: Session, id: str, to: JobState, fence: int | None = None, told: Sequence[Told] = (), **values: Any
) -> JobRow | None:
    """Make a legal move and record it as an event, after those of `told`; None when the job's state (or fence) does not
    allow it."""
    query = update(JobRow).where(JobRow.id == id, JobRow.state.in_(sources(to)))
    if fence is not None:
        query = query.where(JobRow.fence == fence)
    row = session.scalars(
        query.values(state=to, **values).returning(JobRow), execution_options={"populate_existing": True}
    ).one_or_none()
    if row is not None:
        moved = {"state": to, **({"error": row.error} if to == "failed" else {})}
        append_events(session, id, [*told, ("state", moved)])
    return row


def begin(session: Session, job: JobRow) -> None:
    """Record that a job has just been claimed, in that transaction."""
    job.started_at = job.started_at or now()
    append_event(session, job.id, "state", {"state": "running", "attempt": job.attempt})


def append_event(session: Session, job_id: str, type: EventType, data: Json) -> None:
    """Add to the job's record. The caller has changed the job's row in this transaction, so `seq` is its own."""
    append_events(session, job_id, [(type, data)])


def append_events(session: Session, job_id: str, events: Sequence[Told]) -> None:
    """Add several, in order."""
    last = session.scalar(select(func.max(EventRow.seq)).where(EventRow.job_id == job_id)) or 0
    moment = now()
    session.add_all(
        EventRow(job_id=job_id, seq=seq, at=moment, type=type, data=data)
        for seq, (type, data) in enumerate(events, last + 1)
    )
    session.flush()


def warnings(session: Session, job_id: str) -> list[Json]:
    """What was warned of when the job was submitted, in order."""
    query = select(EventRow.data).where(EventRow.job_id == job_id, EventRow.type == "message").order_by(EventRow.seq)
    return [data["warning"] for data in session.scalars(query) if "warning" in data]


def speeds(session: Session, newest: int = 50) -> list[Speed]:
    """What the newest finished runs took."""
    query = select(JobRow.result["speed"]).where(JobRow.state == "succeeded", JobRow.kind == "train")
    found = session.scalars(query.order_by(JobRow.id.desc()).limit(newest))
    return [Speed.of(speed) for speed in found if speed is not None]


def events_after(session: Session, job_id: str, after: int, limit: int) -> Sequence[EventRow]:
    """The job's events with a higher `seq`, in order."""
    query = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after)
    return session.scalars(query.order_by(EventRow.seq).limit(limit)).all()
