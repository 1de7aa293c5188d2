"""What is told of a job while it goes: its row and its events, changed together and under its lease."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from service.errors import WorkFailed
from service.store import jobs
from service.store.session import now
from service.store.tables import JobRow, Json
from service.wiring import Deps
from workers.lease import Cancelled, Lease, LeaseLost

EVENT_SECONDS = 0.2  # what is told soon waits for so long at most; epochs that end sooner are not told one by one
FRESH_SECONDS, RAREST = 4.0, 5.0  # a run of 4 s is told of five times a second, one of 20 s and more once


class Untold(NamedTuple):
    """What is to be kept with the job, and the events to tell."""

    kept: Json
    told: Sequence[jobs.Told]


class Teller:
    """Tells of one job: at once, soon, or with what ends the job. The less a short run waits for the disk, the better.
    What writes raises LeaseLost when the lease is gone."""

    def __init__(self, deps: Deps, lease: Lease[JobRow]) -> None:
        self.deps, self.lease = deps, lease
        self._kept: Json = {}
        self._told: list[jobs.Told] = []
        self._since = 0.0

    @property
    def untold(self) -> Untold:
        """What still waits: for whoever ends the job, in one transaction with that."""
        return Untold(self._kept, self._told)

    def add(self, kept: Json, told: Sequence[jobs.Told]) -> None:
        """Tell this soon."""
        if not self._told:
            self._since = time.perf_counter()
        self._kept |= kept
        self._told += told

    def tell(self) -> None:
        """Tell now what waits."""
        if not self._told:
            return
        with self.deps.database.write() as session:
            self.lease.write_in(session, **self._kept)
            jobs.append_events(session, self.lease.row.id, self._told)
        self.deps.changes.publish(self.lease.row.id)
        self._kept, self._told = {}, []

    def tell_at_once(self, kept: Json, told: Sequence[jobs.Told]) -> None:
        """Tell this, and what waits before it."""
        self.add(kept, told)
        self.tell()

    def tell_if_due(self) -> None:
        """Tell what has waited for its time."""
        if self._told and is_time(self._since):
            self.tell()

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """What waits is told as well when the run fails, or is cancelled."""
        try:
            yield
        except (WorkFailed, Cancelled):
            self.tell()
            raise


def is_time(since: float) -> bool:
    """Whether what waits since then, by `time.perf_counter`, or was last told of then, is to be told."""
    return time.perf_counter() - since >= EVENT_SECONDS


def is_time_again(told: float, began: float) -> bool:
    """Whether it is time to tell how far a run has come that `began` then and was last told of at `told`, both by
    `time.perf_counter`: at every twentieth of its age, within bounds. All who watch it are woken by each telling."""
    moment = time.perf_counter()
    return moment - told >= EVENT_SECONDS * min(max((moment - began) / FRESH_SECONDS, 1.0), RAREST)


def succeed(session: Session, lease: Lease[JobRow], told: Sequence[jobs.Told], **values: object) -> None:
    """End the job as succeeded, with what is to be told before that. Raises LeaseLost, which rolls it back."""
    job = lease.row
    if not jobs.move(session, job.id, "succeeded", job.fence, told, finished_at=now(), lease_until=None, **values):
        raise LeaseLost(job.id)
