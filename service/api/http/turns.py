"""Large documents are unpacked and used by few requests at once: some hundreds of kilobytes become tens of megabytes,
and a dozen of them at once would be more than a server has. All of the body is here before its request waits for a
turn, so that no slow client holds one.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable

from flask import Flask, g, has_request_context

LARGE_BYTES = 256 * 1024  # as they are parsed
AT_ONCE = 2

_turns = threading.BoundedSemaphore(AT_ONCE)


def _malloc_trim() -> Callable[[int], int] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


_trim = _malloc_trim()


def register(app: Flask) -> None:
    """Have each request of the app give back its turn at its end."""
    app.teardown_request(give_back)


def take() -> None:
    """Wait for a turn, which this request has until its end."""
    if has_request_context() and "turn" not in g:
        _turns.acquire()
        g.turn = True


def give_back(error: BaseException | None = None) -> None:
    """Give back this request's turn, if it has one."""
    if not has_request_context():
        return
    has_turn = g.pop("turn", False)
    if _trim is not None and (g.pop("has_grown", False) or has_turn):
        _trim(0)  # the C library keeps what large arrays and texts took, for each thread that made some
    if has_turn:
        _turns.release()


def note_growth() -> None:
    """Have what this request took given back to the system at its end."""
    if has_request_context():
        g.has_grown = True
