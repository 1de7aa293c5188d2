"""The right to work on one row: claimed, kept by a heartbeat, asked about between batches, lost without harm."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic

import structlog
from sqlalchemy.orm import Session

from service.domain.access.quotas import limited
from service.domain.jobs.lanes import LONG
from service.errors import AdalineError
from service.store import jobs, work
from service.store.steering import limits
from service.store.tables import DatasetRow, JobRow
from service.store.work import AnyWork
from service.tracing import span
from service.wiring import Deps
from workers.bound import too_long
from workers.lane import here

log = structlog.get_logger(__name__)

MOST_HELD = 1000  # at once by a process, which works on one row at a time
TOLD = ("cancelling", "paused")  # states of a held job by which its user asks something of its worker
PATIENCES = 5.0  # after so many, work that should have gone elsewhere is taken away, and the process ends

stopping = threading.Event()
"""Set by SIGTERM: this process gives its work back at the next batch."""


class LeaseLost(Exception):
    """Another worker has the row, or it is gone: nothing may be written any more."""


class Cancelled(Exception):
    """The user has asked for the end of this job."""


class WorkerStopping(Exception):
    """This process is to end, or the job is paused: the work goes back, with what it has saved."""


class Lease(Generic[AnyWork]):
    """A held lease. `row` is the work as it was claimed."""

    def __init__(self, deps: Deps, row: AnyWork, own: Mapping[str, int] | None = None) -> None:
        self.row: AnyWork = row
        self._own = own or {}
        self.settings = limited(deps.settings, own)
        """As they are for the row's owner, who has these limits of its own."""
        self._deps = deps
        self._table: type[AnyWork] = type(row)
        self._state = "held"
        self._ended = threading.Event()
        self._began = self._renewed = time.monotonic()
        self._most_seconds: float | None = (self.settings.max_job_seconds or None) if isinstance(row, JobRow) else None
        self._before_seconds: float = row.worked_seconds if isinstance(row, JobRow) else 0.0

    def check(self) -> None:
        """Cheap; asked between batches. Raises LeaseLost, Cancelled, WorkerStopping, or WorkFailed for a job that has
        taken too long; the time that it was paused does not count."""
        if self._state == "lost":
            raise LeaseLost(self.row.id)
        if self._state == "cancelling":
            raise Cancelled(self.row.id)
        if self.is_to_leave:
            raise WorkerStopping(self.row.id)
        if self.is_too_long:
            raise too_long(self.row, self._most_seconds or 0.0)

    @property
    def may_hold_others_up(self) -> bool:
        """Whether other jobs of its owner may wait for its end."""
        return bool(self._own.get("running_jobs", self.settings.owner_running_jobs))

    @property
    def worked_seconds(self) -> float:
        """How long the row has been worked on, those who had it before and got further included."""
        return self._before_seconds + time.monotonic() - self._began

    @property
    def is_too_long(self) -> bool:
        """Whether that is more than a job is allowed."""
        return self._most_seconds is not None and self.worked_seconds > self._most_seconds

    @property
    def is_to_leave(self) -> bool:
        """Whether this process is to give the row back: it stops, the job is paused, or it is no work for its lane."""
        return stopping.is_set() or self._state == "paused" or self._is_overdue()

    def _is_overdue(self, patiences: float = 1.0) -> bool:
        seconds = here.patience_seconds
        return seconds is not None and time.monotonic() - self._began > seconds * patiences

    @property
    def why_given_back(self) -> str:
        """The reason for which this process gives a row back."""
        if stopping.is_set() or not self._is_overdue():
            return "its worker was stopped"
        return f"it took longer than {here.patience_seconds:g} s, and continues in the lane of long work"

    def write(self, **values: Any) -> None:
        """Change the row, in a transaction of its own. Raises LeaseLost."""
        with self._deps.database.write() as session:
            self.write_in(session, **values)
        self._deps.changes.publish(self.row.id)

    def write_in(self, session: Session, **values: Any) -> None:
        """Change the row within a transaction. Raises LeaseLost, which rolls it back."""
        if not work.write(session, self._table, self.row.id, self.row.fence, **values):
            raise LeaseLost(self.row.id)

    def got_further(self, **kept: Any) -> None:
        """Keep progress with the row: the attempts before it were not in vain, and count no more. Raises LeaseLost."""
        self.write(attempt=1, **self._spent(), **kept)

    def give_back(self, tell: Callable[[Session, str], None] | None = None) -> str | None:
        """Let the row wait again, or be paused, at no cost to its attempts, and in the other lane when it is no work
        for this one. Its state; None when it is lost or being cancelled. `tell` adds to the transaction that gives it
        back, by that state."""
        changed = self._spent() | ({"lane": LONG} if self._is_overdue() else {})
        with self._deps.database.write() as session:
            state = work.release(session, self._table, self.row.id, self.row.fence, **changed)
            if state is not None and tell is not None:
                tell(session, state)
        self._deps.changes.publish(self.row.id)
        return state

    def _spent(self) -> dict[str, float]:
        return {"worked_seconds": self.worked_seconds} if isinstance(self.row, JobRow) else {}

    def _beat(self) -> None:
        settings = self._deps.settings
        while not self._ended.wait(settings.heartbeat_seconds):
            try:
                if self._is_overdue(PATIENCES):
                    self._break_away()
                state = self._look(settings.lease_seconds)
            except Exception as error:  # a database that is away, say: the lease holds until its time is up
                unknown = not isinstance(error, AdalineError)
                log.warning("heartbeat failed", id=self.row.id, error=str(error), exc_info=unknown)
                if time.monotonic() - self._renewed > settings.lease_seconds:
                    state = None
                else:
                    continue
            if state is None:
                self._state = "lost"
                return
            self._state = state if state in TOLD else "held"

    def _break_away(self) -> None:
        """Work that does not ask whether it should go elsewhere is taken away, and the process that does it ends: the
        lane is for others."""

        def tell(session: Session, state: str) -> None:
            if isinstance(self.row, JobRow):
                jobs.let_go(session, self.row.id, state, self.why_given_back)

        if self.give_back(tell):
            log.warning("taken away from the short lane; its process ends", id=self.row.id)
            os._exit(1)

    def _look(self, lease_seconds: float) -> str | None:
        if time.monotonic() - self._renewed < lease_seconds / 3:
            with self._deps.database.read() as session:
                return work.held_state(session, self._table, self.row.id, self.row.fence)
        moment = time.monotonic()
        with self._deps.database.write() as session:
            state = work.renew(session, self._table, self.row.id, self.row.fence, lease_seconds)
        self._renewed = moment
        return state


@contextlib.contextmanager
def claimed(
    deps: Deps,
    table: type[AnyWork],
    id: str,
    begin: Callable[[Session, AnyWork], None] | None = None,
    next_of: Callable[[Session], AnyWork | None] | None = None,
) -> Iterator[Lease[AnyWork] | None]:
    """The lease on a row that waits, or None when there is nothing to do (done, cancelled, or someone else's): on the
    one that `next_of` claims, or on the one of this id. `begin` adds to the transaction that claims it."""
    allowed = deps.settings
    with deps.database.write() as session:
        if next_of is not None:
            row = next_of(session)
        else:
            row = work.claim(session, table, id, allowed.lease_seconds, allowed.max_attempts, here.only, here.name)
        own = None if row is None else limits.own(session, row.owner)
        if row is not None and begin is not None:
            begin(session, row)
    if row is None:
        yield None
        return
    lease = Lease(deps, row, own)
    with _told_of(row):
        heart = _hearts().submit(contextvars.copy_context().run, lease._beat)
        try:
            yield lease
        finally:
            lease._ended.set()
            heart.result()


@contextlib.contextmanager
def _told_of(row: DatasetRow | JobRow) -> Iterator[None]:
    """What is logged within carries the ids of the work, of its owner and of the request that it comes from, in whose
    trace it is a span."""
    origin = row.origin or {}
    name, kind = ("job", row.kind) if isinstance(row, JobRow) else ("dataset", "ingest")
    ids = {name: row.id, "owner": row.owner, "request_id": origin.get("request_id")}
    with (
        structlog.contextvars.bound_contextvars(**{key: id for key, id in ids.items() if id}),
        span(kind, origin.get("traceparent"), "CONSUMER", id=row.id, attempt=row.attempt),
    ):
        yield


@functools.cache
def _hearts() -> ThreadPoolExecutor:
    """A thread for each lease that is held at once: it stays for the next one."""
    return ThreadPoolExecutor(MOST_HELD, thread_name_prefix="heartbeat")
