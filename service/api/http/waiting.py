"""Requests that wait for work to end: `Prefer: wait=N` (RFC 7240), `?wait=N` and streams, all under one cap.

Each one holds a thread, so past the cap nobody waits: who asked to is answered at once, and a stream is refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TypeVar

from service.api.http import turns
from service.changes import Changes
from service.errors import TooManyStreams, Unavailable

T = TypeVar("T")

_WAIT = re.compile(r'\s*wait\s*=\s*"?\s*(\d{1,9})\s*"?\s*(;.*)?', re.IGNORECASE)


class Places:
    """So many places, each of which is given back once."""

    def __init__(self, most: int) -> None:
        self.slots = threading.BoundedSemaphore(most)

    def take(self, full: Unavailable) -> Callable[[], None]:
        """Take a place; call what is returned to give it back, once or more. Raises `full` where there is none."""
        if not self.slots.acquire(blocking=False):
            raise full
        taken = threading.Lock()

        def release() -> None:
            if taken.acquire(blocking=False):
                self.slots.release()

        return release


class WaitingRequests:
    """The waiting requests of one process."""

    def __init__(self, changes: Changes, most: int, longest_seconds: float) -> None:
        self._changes = changes
        self._longest_seconds = longest_seconds
        self._places = Places(most)

    def hold(self, id: str, look: Callable[[], T | None], seconds: float) -> tuple[T | None, bool]:
        """What `look` gives within the time, and whether the request was allowed to wait for it."""
        seconds = min(seconds, self._longest_seconds)
        if seconds <= 0 or not self._places.slots.acquire(blocking=False):
            return look(), False
        turns.give_back()
        try:
            return self._changes.wait(id, look, seconds), True
        finally:
            self._places.slots.release()

    def preferred(self, header: str, id: str, look: Callable[[], T | None]) -> tuple[T | None, dict[str, str]]:
        """What `hold` returns for the time of a Prefer header, and the header that says whether it was honoured."""
        seconds = preferred_seconds(header)
        if seconds is None:
            return None, {}
        found, honoured = self.hold(id, look, seconds)
        applied = int(min(seconds, self._longest_seconds))
        return found, {"Preference-Applied": f"wait={applied}"} if honoured else {}

    def stream(self) -> Callable[[], None]:
        """Take a place for a stream; call what is returned to give it back, once or more. Raises TooManyStreams."""
        return self._places.take(
            TooManyStreams("too many streams are open; try again shortly, or poll with ?after=&wait=")
        )


def preferred_seconds(header: str) -> int | None:
    """N of `Prefer: respond-async, wait=N`; None without one that can be read, which RFC 7240 says to ignore."""
    for preference in header.split(","):
        if found := _WAIT.fullmatch(preference):
            return int(found[1])
    return None
