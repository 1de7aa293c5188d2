"""Leases on rows of work (datasets to ingest, jobs to run): claim, renew, release, find the forgotten.

What every job goes through is written as statements on the tables that are built once: the session's own way, with
objects to keep in step, takes three times as long.

A claim raises the row's fence; every later write of that worker says `WHERE fence = ?`, so that one who lost the
lease can no longer change anything (Kleppmann, "How to do distributed locking", 2016: fencing tokens).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Update, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session, load_only
from sqlalchemy.sql.dml import ReturningUpdate

from service.store.session import now
from service.store.tables import DatasetRow, JobRow, table_of

AnyWork = TypeVar("AnyWork", DatasetRow, JobRow)

NAMED_AT_ONCE = 10_000  # values in a statement: SQLite takes 32,766, PostgreSQL 65,535

CLOCKS_DIFFER = timedelta(seconds=60)  # of several machines, by less than this

WAITING: dict[type[Any], str] = {DatasetRow: "ingesting", JobRow: "queued"}
STARTED: dict[type[Any], str] = {DatasetRow: "ingesting", JobRow: "running"}
HELD: dict[type[Any], tuple[str, ...]] = {DatasetRow: ("ingesting",), JobRow: ("running", "cancelling", "paused")}
"""The states that a row may have while a worker holds it: of a paused job, until its next batch."""
KEPT: dict[type[Any], tuple[str, ...]] = {DatasetRow: (), JobRow: ("paused",)}
"""Those of them that stay when the worker lets go."""


def claim(
    session: Session,
    table: type[AnyWork],
    id: str,
    lease_seconds: float,
    max_attempts: int | None = None,
    lane: str | None = None,
    worker: str = "",
) -> AnyWork | None:
    """Take the lease on a row that waits or whose lease has run out, for this `worker`; None when there is nothing to
    take, or nothing in this `lane`.

    A row that has had its last attempt is left to the sweeper, which says so.
    """
    moment = now()
    taken = {"at_moment": moment, "lease_until": moment + timedelta(seconds=lease_seconds), "at_worker": worker}
    found = session.connection().execute(
        _claiming(table, max_attempts is not None, lane is not None),
        {"at_id": id, "most_attempts": max_attempts, "at_lane": lane, **taken},
    )
    values = found.mappings().one_or_none()
    return None if values is None else table(**values)


def state(session: Session, table: type[AnyWork], owner: str, id: str) -> str | None:
    """The state of the owner's row alone, which costs a fraction of the row; None where there is none."""
    return session.connection().scalar(_state(table), {"at_id": id, "of_owner": owner})


def waits(session: Session, table: type[AnyWork]) -> bool:
    """Whether there is work that nobody has begun."""
    return session.scalar(select(table.id).where(table.state == WAITING[table]).limit(1)) is not None


def waiting_by_lane(session: Session, table: type[AnyWork]) -> dict[str, tuple[int, datetime]]:
    """How many rows wait in each lane where some do, and since when the oldest has been there."""
    count, oldest = func.count(), func.min(table.created_at)
    query = select(table.lane, count, oldest).where(_waits(table)).group_by(table.lane)
    return {lane: (n, since) for lane, n, since in session.execute(query)}


def renew(session: Session, table: type[AnyWork], id: str, fence: int, lease_seconds: float) -> str | None:
    """Prolong the lease; the row's state, or None when the lease is lost."""
    until = now() + timedelta(seconds=lease_seconds)
    return session.scalar(
        update(table)
        .where(table.id == id, table.fence == fence, table.state.in_(HELD[table]))
        .values(lease_until=until)
        .returning(table.state)
    )


def held_state(session: Session, table: type[AnyWork], id: str, fence: int) -> str | None:
    """The row's state while the lease holds, else None."""
    return session.scalar(select(table.state).where(table.id == id, table.fence == fence, table.state.in_(HELD[table])))


def write(session: Session, table: type[AnyWork], id: str, fence: int, **values: Any) -> bool:
    """Change the row if the lease still holds; whether it did. Without values: only ask, and hold the row."""
    changed = {"fence": fence, **values}  # the same fence, so that there is always something to set
    done = session.connection().execute(_writing(table), {"at_id": id, "at_fence": fence, **changed})
    return bool(done.rowcount)


def release(session: Session, table: type[AnyWork], id: str, fence: int, **values: Any) -> str | None:
    """Give the row back, unharmed, to whoever comes next: the attempt does not count. `values` change with it. The
    state that it has now: it waits, or is paused.

    None when the lease is lost, or when the job is being cancelled: that must not run again.
    """
    freed = {**_freed(table), "attempt": table.attempt - 1, **values}
    given = (STARTED[table], *KEPT[table])
    return session.scalar(
        update(table)
        .where(table.id == id, table.fence == fence, table.state.in_(given), table.lease_until.is_not(None))
        .values(freed)
        .returning(table.state)
    )


def expired(session: Session, table: type[AnyWork]) -> Sequence[AnyWork]:
    """Rows whose worker has not renewed its lease in time."""
    return session.scalars(select(table).where(_expired(table, now())).order_by(table.id)).all()


def free(session: Session, row: AnyWork) -> str | None:
    """Take a row away from a worker that has not renewed its lease since `row` was read, so that it waits again, or
    stays paused: its state. None when somebody has acted."""
    table = type(row)
    held = and_(table.state.in_(HELD[table]), table.lease_until == row.lease_until)
    freed = update(table).where(table.id == row.id, table.fence == row.fence, held).values(_freed(table))
    return session.scalar(freed.returning(table.state))


def held(session: Session, table: type[AnyWork]) -> Sequence[AnyWork]:
    """Rows that a worker has; without what may be large."""
    columns = (table.id, table.owner, table.worker, table.claimed_at, *((JobRow.kind,) if table is JobRow else ()))
    query = (
        select(table).options(load_only(*columns)).where(table.state.in_(HELD[table]), table.lease_until.is_not(None))
    )
    return session.scalars(query).all()


def held_long(session: Session, table: type[AnyWork], lease_seconds: float) -> Sequence[AnyWork]:
    """Rows whose lease ends later than one that is taken now: somebody has another setting, or the clock was put
    back."""
    after = now() + timedelta(seconds=lease_seconds)
    query = select(table).where(table.state.in_(HELD[table]), table.lease_until > after)
    return session.scalars(query.order_by(table.id)).all()


def unsent(session: Session, table: type[AnyWork], older_than_seconds: float, lane: str | None = None) -> Sequence[str]:
    """Ids of rows (of this lane) that still wait though their wake-up was sent so long ago, oldest first; also those
    that were sent in the future, by a clock that has been put back since."""
    moment, age = now(), timedelta(seconds=older_than_seconds)
    sent = or_(table.sent_at < moment - age, table.sent_at > moment + max(age, CLOCKS_DIFFER))
    return session.scalars(_waiting_in(table, lane).where(sent)).all()


def never_sent(session: Session, table: type[AnyWork], lane: str | None = None) -> Sequence[str]:
    """Ids of rows (of this lane) that wait and have had no wake-up, oldest first."""
    return session.scalars(_waiting_in(table, lane).where(table.sent_at.is_(None))).all()


def _waiting_in(table: type[AnyWork], lane: str | None) -> Select[str]:
    query = select(table.id).where(_waits(table)).order_by(table.id)
    return query if lane is None else query.where(table.lane == lane)


def mark_sent(session: Session, table: type[AnyWork], ids: Sequence[str]) -> None:
    """Note that a wake-up for these rows is on its way."""
    moment = now()
    for first in range(0, len(ids), NAMED_AT_ONCE):
        some = table.id.in_(ids[first : first + NAMED_AT_ONCE])
        session.execute(update(table).where(some, _waits(table)).values(sent_at=moment))


def hold_waiting(session: Session, table: type[AnyWork], id: str) -> bool:
    """Whether the row waits; if so, nobody claims it before this transaction ends."""
    return _changes(session, update(table).where(table.id == id, _waits(table)).values(fence=table.fence))


def _changes(session: Session, statement: Update) -> bool:
    """Whether a row is such as the update asks for."""
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # an update's result has it


def mark_unsent(session: Session, table: type[AnyWork], id: str) -> None:
    """Note that the wake-up for this row could not be sent."""
    session.execute(update(table).where(table.id == id, _waits(table)).values(sent_at=None))


@functools.cache
def _state(table: type[AnyWork]) -> Select[str]:
    columns = table_of(table).c
    return select(columns.state).where(columns.id == bindparam("at_id"), columns.owner == bindparam("of_owner"))


@functools.cache
def _claiming(table: type[AnyWork], is_limited: bool, is_of_lane: bool) -> ReturningUpdate[Any]:
    """The claim of the row at `at_id` (in `at_lane`), if it can be claimed at `at_moment` after less than
    `most_attempts`; all of it."""
    columns = table_of(table).c
    # an expired job that was being cancelled is not run again: the sweeper ends it
    expired = and_(table.state == STARTED[table], table.lease_until < bindparam("at_moment"))
    if is_limited:
        expired = and_(expired, table.attempt < bindparam("most_attempts"))
    claimed = update(table_of(table)).where(table.id == bindparam("at_id"), or_(_waits(table), expired))
    if is_of_lane:
        claimed = claimed.where(table.lane == bindparam("at_lane"))
    return claimed.values(taking(table)).returning(*columns)


def taking(table: type[AnyWork]) -> dict[str, Any]:
    """What a claim changes, with `lease_until`, by `at_worker`, `at_moment`."""
    values: dict[str, Any] = {
        "fence": table.fence + 1,
        "attempt": table.attempt + 1,
        "state": STARTED[table],
        "lease_until": bindparam("lease_until"),
        "claimed_at": bindparam("at_moment"),
        "worker": bindparam("at_worker"),
    }
    if table is JobRow:
        values["started_at"] = func.coalesce(JobRow.started_at, bindparam("at_moment"))
    return values


@functools.cache
def _writing(table: type[AnyWork]) -> Update:
    """The update of the row at `at_id`, while it is held with `at_fence`; the columns are named with their values."""
    held = or_(*(table.state == state for state in HELD[table]))
    return update(table_of(table)).where(table.id == bindparam("at_id"), table.fence == bindparam("at_fence"), held)


def _freed(table: type[AnyWork]) -> dict[str, Any]:
    """What changes when a worker no longer holds a row: nothing can be written by its fence any more."""
    state: Any = WAITING[table]
    if KEPT[table]:
        state = case((table.state.in_(KEPT[table]), table.state), else_=state)
    return {"state": state, "lease_until": None, "sent_at": None, "fence": table.fence + 1}


def _waits(table: type[AnyWork]) -> ColumnElement[bool]:
    return and_(table.state == WAITING[table], table.lease_until.is_(None))


def _expired(table: type[AnyWork], moment: datetime) -> ColumnElement[bool]:
    return and_(table.state.in_(HELD[table]), table.lease_until < moment)
