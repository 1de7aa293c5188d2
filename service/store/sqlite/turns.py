"""Who writes next to an SQLite database, which has one writer: the threads of a process come in the order they asked.

Left to itself SQLite has each of them ask again after ever longer pauses, so that some are passed by for seconds while
others have several turns. Here the threads of a process wait for one another, and the one whose turn it is asks at
short intervals, since no process is told when another has ended its transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator

from service.errors import DatabaseUnavailable

ASK_SECONDS = 0.001
BUSY = "the database is busy: no turn to write came for {seconds:g} seconds; try again shortly"


class Turns:
    """One thread at a time, the others in order. Whoever has a turn must not ask for another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextlib.contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Wait for a turn, and have it. Raises DatabaseUnavailable when none comes within `seconds`."""
        self._await(seconds)
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().set()  # it is the next one's, and at no moment anybody's
                else:
                    self._is_taken = False

    def _await(self, seconds: float) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
                raise DatabaseUnavailable(BUSY.format(seconds=seconds))


def begin_to_write(cursor: sqlite3.Cursor, seconds: float) -> None:
    """Begin a transaction that holds the write lock. Raises sqlite3.OperationalError when it is not free within
    `seconds`."""
    deadline = time.monotonic() + seconds
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(ASK_SECONDS)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
