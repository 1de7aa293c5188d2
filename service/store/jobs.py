"""Queries on jobs and their events: of one owner, as if there were no others."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Update, bindparam, func, insert, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session, defer

from service.domain.jobs.lanes import LANES, LONG
from service.domain.jobs.lifecycle import EventType, JobState, is_terminal, sources
from service.domain.jobs.speed import Speed
from service.errors import JobNotFound
from service.store import work
from service.store.filters import has
from service.store.paging import Page, page
from service.store.session import new_id, now
from service.store.steering import webhooks
from service.store.tables import EventRow, JobRow, Json, table_of
from service.tracing import origin

NOTHING: Mapping[str, str] = MappingProxyType({})
Told = tuple[EventType, Json]  # of an event: its type and data
NOTHING_KEPT: Json = {"checkpoint_key": None, "result": None}
"""Of a job that ends without a result: what its attempts had done is of no use any more."""
LET_GO = "no worker holds the paused job any more; resumed, it continues from what is saved"
_ADD = insert(table_of(JobRow))
_NEXT = select(func.coalesce(func.max(EventRow.seq), 0) + 1).where(EventRow.job_id == bindparam("of_job"))
_MESSAGES = (
    select(EventRow.data)
    .where(EventRow.job_id == bindparam("of_job"), EventRow.type == "message")
    .order_by(EventRow.seq)
)
_APPEND = insert(table_of(EventRow)).values(seq=_NEXT.scalar_subquery())


def get(session: Session, owner: str, id: str, *, for_change: bool = False) -> JobRow:
    """The owner's job; with `for_change` nobody else can move it until this transaction ends. Raises JobNotFound."""
    row = session.get(JobRow, id, with_for_update=for_change)
    if row is None or row.owner != owner:
        raise _not_there(id)
    return row


def state(session: Session, owner: str, id: str) -> str:
    """The state of the owner's job. Raises JobNotFound."""
    found = work.state(session, JobRow, owner, id)
    if found is None:
        raise _not_there(id)
    return found


def ended(session: Session, owner: str, id: str) -> JobRow | None:
    """The owner's job, once it has ended. Raises JobNotFound."""
    return get(session, owner, id) if is_terminal(state(session, owner, id)) else None


def _not_there(id: str) -> JobNotFound:
    return JobNotFound(f"there is no job {id!r}; GET /v1/jobs lists those there are")


def add(session: Session, owner: str, **values: Any) -> JobRow:
    """A job of the owner's that waits, and is sent in a moment: a second transaction to say so would cost one more wait
    for the disk. The row is told as it is, and not the session's."""
    moment = now()
    row = {"id": new_id("job"), "state": "queued", "attempt": 0, "created_at": moment, "sent_at": moment}
    row |= {"owner": owner, "lane": LONG, "priority": 0, "origin": origin(), **values}
    session.connection().execute(_ADD, row)
    return JobRow(**row)


def listing(
    session: Session,
    owner: str,
    limit: int,
    after: str | None,
    state: str | None,
    kind: str | None,
    model: str | None,
    metadata: Mapping[str, str] = NOTHING,
) -> Page[JobRow]:
    # both may be large, and no list tells them
    query = select(JobRow).options(defer(JobRow.result, raiseload=True), defer(JobRow.spec, raiseload=True))
    query = query.where(JobRow.owner == owner)
    for column, value in ((JobRow.state, state), (JobRow.kind, kind), (JobRow.model_name, model)):
        if value is not None:
            query = query.where(column == value)
    if metadata:
        query = query.where(*has(session, table_of(JobRow).c.spec, metadata, under="metadata"))
    return page(session, query, JobRow.id, limit, after, lambda row: row.id)


def move(
    session: Session, id: str, to: JobState, fence: int | None = None, told: Sequence[Told] = (), **values: Any
) -> bool:
    """Make a legal move and record it as an event, after those of `told`; False when the job's state (or fence) does
    not allow it. Rows that the session has loaded are as they were."""
    place = {"at_id": id, "at_fence": fence}
    done = session.connection().execute(_moving(to, fence is not None), {**place, "state": to, **values})
    if done.rowcount:
        moved = {"state": to, **({"error": values.get("error")} if to == "failed" else {})}
        append_events(session, id, [*told, ("state", moved)])
        if is_terminal(to):
            webhooks.tell_of_end(session, id, to)
    return bool(done.rowcount)


@functools.cache
def _moving(to: JobState, is_fenced: bool) -> Update:
    """The update of the job at `at_id`, with `at_fence`; the columns are named with their values."""
    legal = or_(*(JobRow.state == state for state in sources(to)))
    query = update(table_of(JobRow)).where(JobRow.id == bindparam("at_id"), legal)
    return query.where(JobRow.fence == bindparam("at_fence")) if is_fenced else query


def delete(session: Session, id: str) -> None:
    """Forget a job, and its events with it."""
    session.execute(delete_rows(JobRow).where(JobRow.id == id))


def first_waiting(session: Session, owner: str) -> Sequence[tuple[str, str]]:
    """Of each lane in which jobs of the owner wait the first one's id, and the lane."""
    waiting = select(func.min(JobRow.id), JobRow.lane).where(JobRow.owner == owner, JobRow.state == "queued")
    return [(id, lane) for id, lane in session.execute(waiting.group_by(JobRow.lane))]


def begin(session: Session, job: JobRow) -> None:
    """Record that a job has just been claimed, in that transaction."""
    append_event(session, job.id, "state", {"state": "running", "attempt": job.attempt})


def let_go(session: Session, id: str, state: str, reason: str) -> None:
    """Record that a worker no longer holds a job, which is in this state since, in that transaction."""
    if state == "paused":
        append_event(session, id, "message", {"text": LET_GO})
    else:
        append_event(session, id, "state", {"state": state, "reason": reason})


def append_event(session: Session, job_id: str, type: EventType, data: Json) -> None:
    """Add to the job's record. The caller has changed the job's row in this transaction, so `seq` is its own."""
    append_events(session, job_id, [(type, data)])


def append_events(session: Session, job_id: str, events: Sequence[Told]) -> None:
    """Add several, in order."""
    moment = now()
    session.connection().execute(
        _APPEND,
        [{"job_id": job_id, "of_job": job_id, "at": moment, "type": type, "data": data} for type, data in events],
    )


def warnings(session: Session, job_id: str) -> list[Json]:
    """What was warned of when the job was submitted, in order."""
    told = session.connection().scalars(_MESSAGES, {"of_job": job_id})
    return [data["warning"] for data in told if "warning" in data]


def speeds(session: Session, newest: int = 50) -> list[Speed]:
    """What the newest finished runs took: of each lane so many, which the index has in order."""
    ended = select(JobRow.id, JobRow.kind, JobRow.result["speed"]).where(JobRow.state == "succeeded")
    queries = [ended.where(JobRow.lane == lane).order_by(JobRow.id.desc()).limit(newest) for lane in LANES]
    found = sorted((tuple(row) for query in queries for row in session.execute(query)), reverse=True)
    return [Speed.of(speed) for _, kind, speed in found if kind == "train" and speed is not None]


def count_by_state(session: Session) -> dict[tuple[str, str], int]:
    """How many jobs there are of each kind in each state."""
    query = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
    return {(kind, state): n for kind, state, n in session.execute(query)}


def last_event(session: Session, job_id: str) -> Json | None:
    """The data of the job's newest event."""
    query = select(EventRow.data).where(EventRow.job_id == job_id).order_by(EventRow.seq.desc()).limit(1)
    return session.scalars(query).one_or_none()


def events_after(session: Session, job_id: str, after: int, limit: int) -> Sequence[EventRow]:
    """The job's events with a higher `seq`, in order."""
    query = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after)
    return session.scalars(query.order_by(EventRow.seq).limit(limit)).all()
