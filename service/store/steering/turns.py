"""Whose turn it is: which of the jobs that wait in a lane is claimed next.

An owner with fewer running jobs goes first; among equals the one whose last claim is longest ago. So a thousand jobs of
one owner delay another's single job by the end of one job at most. Of an owner's own jobs the one with the highest
priority goes first, then the one that was submitted first: nobody gains on others by a priority.

The order is found in indexes, however many jobs wait: the owners in line by a loose index scan
(https://wiki.postgresql.org/wiki/Loose_indexscan), and of the one whose turn it is the first job of its highest
priority. On PostgreSQL a row that another worker is about to claim is skipped, not waited for.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.selectable import CTE

from service.store.session import now
from service.store.tables import JobRow, OwnerRow, table_of
from service.store.work import taking

TRIES = 5  # where others claim all that was found, at the same moment
MOST_COUNTED = 1000  # jobs before one that waits
NEVER = datetime.min.replace(tzinfo=UTC)
RUNS: tuple[Any, ...] = (literal_column("'running'"), literal_column("'cancelling'"))  # as the index has them


def claim_next(session: Session, lane: str, lease_seconds: float, worker: str, most_running: int = 0) -> JobRow | None:
    """Take the lease on the job whose turn it is in this lane; None when none waits there of an owner who may have
    another running one: `most_running` (0: any number), or as many as its own limit says."""
    for _ in range(TRIES):
        moment = now()
        values = {"at_moment": moment, "lease_until": moment + timedelta(seconds=lease_seconds), "at_worker": worker}
        values |= {"at_lane": lane, "most_running": most_running}
        found = session.connection().execute(_claiming(), values).mappings().one_or_none()
        if found is not None:
            return JobRow(**found)
        if not claimable(session, lane, most_running):
            break
    return None


def claimable(session: Session, lane: str, most_running: int = 0) -> int:
    """How many of the jobs that wait in a lane could be claimed now, by their owners' limits."""
    values = {"at_lane": lane, "most_running": most_running}
    counts = select(JobRow.owner, func.count()).where(*_queued(JobRow)).group_by(JobRow.owner)
    waiting: dict[str, int] = {}
    for owner, count in session.execute(counts, values):
        waiting[owner] = count
    line = session.execute(_in_line(), values) if waiting else ()
    free = {one.owner: max(one.most - one.running, 0) if one.most else None for one in line}
    return sum(count if (room := free.get(owner)) is None else min(count, room) for owner, count in waiting.items())


@dataclass(frozen=True, slots=True)
class Place:
    """`before` jobs of a lane would be claimed earlier than one that waits there, if no other came, and `running` ones
    run; neither is counted beyond MOST_COUNTED."""

    before: int
    running: int


def place(session: Session, job: JobRow) -> Place:
    """Counted in an index, and not far: this is asked at each poll."""
    ahead = or_(JobRow.priority > job.priority, and_(JobRow.priority == job.priority, JobRow.id < job.id))
    own = _counted(session, select(JobRow.id).where(*_queued(JobRow), JobRow.owner == job.owner, ahead), job.lane)
    line = {one.owner: one for one in session.execute(_in_line(), {"at_lane": job.lane, "most_running": 0})}
    before = own
    if mine := line.get(job.owner):
        for other in line.values():
            if other is mine or before >= MOST_COUNTED:
                continue
            is_first = (other.served or NEVER, other.head) < (mine.served or NEVER, mine.head)
            turns = own + mine.running - other.running + is_first
            if turns > 0:
                theirs = select(JobRow.id).where(*_queued(JobRow), JobRow.owner == other.owner)
                before += 1 if turns == 1 else _counted(session, theirs, job.lane, turns)
    running = _counted(session, select(JobRow.id).where(JobRow.state == "running"), job.lane)
    return Place(min(before, MOST_COUNTED), running)


def _counted(session: Session, query: Select[Any], lane: str, most: int = MOST_COUNTED) -> int:
    limited = query.limit(min(most, MOST_COUNTED)).subquery()
    return session.scalar(select(func.count()).select_from(limited), {"at_lane": lane}) or 0


def _queued(row: type[JobRow]) -> tuple[ColumnElement[bool], ...]:
    """In the index of those that wait; a bound value for the state would keep SQLite from using it."""
    return row.state == literal_column("'queued'"), row.lane == bindparam("at_lane")


def _line() -> CTE:
    """The owners who have jobs that wait in the lane, and a null at the end."""
    first = select(func.min(JobRow.owner).label("owner")).where(*_queued(JobRow)).cte("line", recursive=True)
    after = aliased(JobRow)
    following = select(func.min(after.owner)).where(*_queued(after), after.owner > first.c.owner).scalar_subquery()
    return first.union_all(select(following).where(first.c.owner.is_not(None)))


@functools.cache
def _in_line() -> Select[Any]:
    """Each owner in line: how many of its jobs run and may (0: any number), when it was last served, and its own next
    job; in order."""
    line = _line()
    run, served, top, head = (aliased(JobRow) for _ in range(4))
    running = select(func.count()).where(run.state.in_(RUNS), run.owner == line.c.owner).scalar_subquery()
    last = select(func.max(served.claimed_at)).where(served.owner == line.c.owner).scalar_subquery()
    tops = select(func.max(top.priority)).where(*_queued(top), top.owner == line.c.owner)
    highest = tops.correlate(line).scalar_subquery()
    limit = OwnerRow.limits["running_jobs"].as_integer()
    allowed = select(limit).where(OwnerRow.id == line.c.owner).scalar_subquery()
    own = and_(*_queued(head), head.owner == line.c.owner, head.priority == highest)
    found = select(
        line.c.owner.label("owner"),
        running.label("running"),
        last.label("served"),
        select(func.min(head.id)).where(own).scalar_subquery().label("head"),
        func.coalesce(allowed, bindparam("most_running")).label("most"),
    ).where(line.c.owner.is_not(None))
    in_order = found.subquery("in_line").c
    return select(in_order.owner, in_order.running, in_order.served, in_order.head, in_order.most).order_by(
        in_order.running, in_order.served.asc().nulls_first(), in_order.head
    )


@functools.cache
def _claiming() -> ReturningUpdate[Any]:
    """The claim of the next job in `at_lane` at `at_moment`; all of it."""
    line = _in_line()
    running, most = line.selected_columns.running, line.selected_columns.most
    turn = line.where(or_(most == 0, running < most)).limit(1).cte("turn")
    top = aliased(JobRow)
    whose = select(turn.c.owner).scalar_subquery()
    highest = select(func.max(top.priority)).where(*_queued(top), top.owner == whose).scalar_subquery()
    chosen = select(JobRow.id).where(*_queued(JobRow), JobRow.owner == whose, JobRow.priority == highest)
    first = chosen.order_by(JobRow.id).limit(1).with_for_update(skip_locked=True)
    jobs = table_of(JobRow)
    return update(jobs).where(jobs.c.id == first.scalar_subquery()).values(taking(JobRow)).returning(*jobs.c)
