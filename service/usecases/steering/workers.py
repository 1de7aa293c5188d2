"""Who works: the workers that say so at this moment, those that no longer do, and what each process of theirs has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.queue import Queue
from service.store import work
from service.store.tables import DatasetRow, JobRow

ALIVE, LOST = "alive", "lost"


@dataclass(frozen=True, slots=True)
class Doing:
    """A job or a dataset that a process works on."""

    process: int
    type: str
    id: str
    kind: str
    owner: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker: the process `pid` on a host, with its pool of `processes`. One that is lost says nothing any more, and
    what it held is given to others when its leases end."""

    id: str
    host: str
    pid: int
    state: str
    roles: tuple[str, ...]
    processes: int
    started_at: datetime | None
    doing: tuple[Doing, ...]


def workers(session: Session, queue: Queue) -> list[Worker]:
    """By host and process. Raises QueueUnavailable."""
    held: defaultdict[str, list[Doing]] = defaultdict(list)
    for name, one_doing in _held(session):
        held[name].append(one_doing)
    said = {one.name: one for one in queue.workers()}
    found = []
    for name in sorted(said.keys() | held.keys()):
        host, _, pid = name.rpartition("/")
        one, doing = said.get(name), tuple(sorted(held[name], key=lambda it: it.process))
        if one is None:
            found.append(Worker(name, host, int(pid), LOST, (), 0, None, doing))
        else:
            found.append(Worker(name, host, int(pid), ALIVE, one.roles, one.processes, one.started_at, doing))
    return found


def _held(session: Session) -> list[tuple[str, Doing]]:
    """What is held, by the names of workers."""
    found = []
    rows: list[JobRow | DatasetRow] = [*work.held(session, JobRow), *work.held(session, DatasetRow)]
    for row in rows:
        worker, _, process = (row.worker or "").rpartition("/")
        if worker:
            type, kind = ("job", row.kind) if isinstance(row, JobRow) else ("dataset", "ingest")
            found.append((worker, Doing(int(process), type, row.id, kind, row.owner, row.claimed_at)))
    return found
