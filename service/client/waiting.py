"""Reading resources: one, a list through all its pages, one that is held until it is done, and a job's events.

The server does the waiting. Only where it answers early (too many wait at once) does the client pause by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from service.client.connection import Call, Connection
from service.client.records import Event, ListPage, Record

R = TypeVar("R", bound=Record)

WAIT_SECONDS = 25  # the server holds an answer for 30 at most
PREFER_WAIT = {"Prefer": f"wait={WAIT_SECONDS}"}
EARLY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 2.0
PAGE = 100


def get(connection: Connection, record: type[R], path: str) -> R:
    return connection.record(record, Call("GET", path))


def pages(connection: Connection, record: type[R], path: str, **params: Any) -> Iterator[R]:
    """Every item of a list, page by page, as far as it is read."""
    after: Any = None
    while True:
        page = connection.record(ListPage, Call("GET", path, params={"limit": PAGE, "after": after, **params}))
        yield from (connection.read(record, item) for item in page.data)
        after = page.next
        if not page.has_more or after is None:
            return


def held(connection: Connection, record: type[R], path: str, is_done: Callable[[R], bool]) -> R:
    """The resource, once it is done."""
    call = Call("GET", path, headers=PREFER_WAIT, wait_seconds=WAIT_SECONDS)
    pace = _Pace()
    while not is_done(found := connection.record(record, call)):
        pace.after_an_early_answer()
    return found


def events(connection: Connection, job_path: str, after: int) -> Iterator[Event]:
    """The events of a job with a higher `seq`, as they happen, until the job has ended."""
    pace = _Pace()
    while True:
        params = {"after": after, "wait": WAIT_SECONDS}
        page = connection.json(Call("GET", f"{job_path}/events", params=params, wait_seconds=WAIT_SECONDS))
        for event in map(Event.of, page["data"]):
            after = event.seq
            yield event
        if page["is_terminal"]:
            return
        if page["data"]:
            pace = _Pace()
        else:
            pace.after_an_early_answer()


class _Pace:
    """Keeps a server that cannot hold an answer from being asked without a break."""

    def __init__(self) -> None:
        self._asked = time.monotonic()
        self._pause = 0.1

    def after_an_early_answer(self) -> None:
        if time.monotonic() - self._asked < EARLY_SECONDS:
            time.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._asked = time.monotonic()
