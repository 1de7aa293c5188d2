"""Bodies that do not come: their clients are answered all the same.

Every request holds a thread of its server, and a thread that waits in a read of a body cannot be interrupted. But
another can answer in its place: what comes slower than it must is answered 408, and what is refused is told so,
though its body is still to come. The thread itself is free when the next piece comes or the connection ends; until
then it costs nothing but its memory. So there are threads for waiting (`reading_requests`) beside those that work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from service.api.http import early
from service.api.http.access import INPUT
from service.api.http.early import EarlyAnswer
from service.errors import AdalineError, BodyTooSlow
from service.logs import access_log
from service.settings import Settings

PROTOCOL = "adaline.protocol"  # in the environ: what the server takes this request's answer by
LOOK_SECONDS = 0.25
FIRST_BYTES, MOST_BYTES = 32_768, 65_536  # read at once: within one read nothing is known of how much has come
QUICK_SECONDS = 0.05


class EndableBody:
    """A request's body (`wsgi.input`), whose reads another thread can end."""

    __slots__ = ("_read", "_waiting", "deadline", "ended", "environ", "instead", "piece", "since", "start")

    def __init__(self, environ: dict[str, Any], waiting: set[EndableBody]) -> None:
        self._read: Callable[[int], bytes] = environ["wsgi.input"].read
        self._waiting = waiting
        self.environ = environ
        self.start = time.monotonic()
        self.piece, self.since = FIRST_BYTES, 0.0
        self.ended = False
        self.deadline: float | None = None
        self.instead: Callable[[], EarlyAnswer] | None = None

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, fewer at the end; all for -1. Raises ConnectionAbortedError when it was ended."""
        left = size if size is not None and size >= 0 else 1 << 62
        pieces: list[bytes] = []
        while left:
            wanted = min(left, self.piece)
            data = self._wait_for(wanted)
            pieces.append(data)
            left -= len(data)
            if len(data) < wanted:
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        """A line. Nobody here reads by lines; WSGI asks for it."""
        line = bytearray()
        while size is None or size < 0 or len(line) < size:
            byte = self.read(1)
            line += byte
            if byte in (b"", b"\n"):
                break
        return bytes(line)

    def readlines(self, hint: int | None = None) -> list[bytes]:
        return list(self)

    def __iter__(self) -> EndableBody:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def answer_by(self, seconds: float, answer: Callable[[], EarlyAnswer]) -> None:
        """What is still read is read for so long at most; then the client gets this answer."""
        self.deadline, self.instead = time.monotonic() + seconds, answer

    def end(self, answer: EarlyAnswer) -> None:
        """Answer in the place of the thread that reads."""
        self.ended = True
        self.environ[PROTOCOL].response_bytes(*answer)

    def _wait_for(self, size: int) -> bytes:
        self.since = time.monotonic()
        self._waiting.add(self)
        try:
            data = bytes(self._read(size))
        finally:
            self._waiting.discard(self)
        if self.ended:
            raise ConnectionAbortedError("the body came too slowly")
        if self.piece < MOST_BYTES and time.monotonic() - self.since < QUICK_SECONDS:
            self.piece *= 2
        return data


class Arrivals:
    """The bodies that one process waits for. `watch` is for a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.reading_requests
        self._grace_seconds = settings.slow_body_seconds
        self._least_rate = settings.slow_body_rate
        self._waiting: set[EndableBody] = set()

    def take(self, environ: dict[str, Any]) -> bool:
        """Have the body of a request guarded; False when there is no room for one more."""
        if PROTOCOL not in environ:  # another server, which guards in its own way
            return True
        if len(self._waiting) >= self._most:
            return False
        environ[INPUT] = environ["wsgi.input"] = EndableBody(environ, self._waiting)
        return True

    def watch(self) -> None:
        """End, for ever, what waits too long."""
        while True:
            time.sleep(LOOK_SECONDS)
            if self._waiting:
                self.look()

    def look(self) -> None:
        """End what has waited too long by now."""
        now = time.monotonic()
        for one in self._waiting.copy():
            if one.ended:
                continue
            if one.deadline is not None and one.instead is not None:
                if now >= one.deadline:
                    one.end(one.instead())
            elif now - one.since > self._grace_seconds + one.piece / self._least_rate:
                _end_with(one, self._too_slow())

    def _too_slow(self) -> BodyTooSlow:
        return BodyTooSlow(
            f"the body came too slowly: "
            f"after {self._grace_seconds:g} s (ADALINE_SLOW_BODY_SECONDS) it arrived at less than "
            f"{self._least_rate:,} bytes a second (ADALINE_SLOW_BODY_RATE); nothing was stored"
        )


def _end_with(arriving: EndableBody, error: AdalineError) -> None:
    environ = arriving.environ
    request_id = early.request_id_of(environ)
    answer = early.problem(error, environ, request_id)
    arriving.end(answer)
    seconds = time.monotonic() - arriving.start
    access_log().tell(request_id, environ["REQUEST_METHOD"], early.path_of(environ), answer[0], seconds)
