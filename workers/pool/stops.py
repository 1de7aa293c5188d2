"""A stop in the middle of a task: SIGTERM asks the task to give its work back, in place of ending the process at once.

billiard sets its own handler in each process of a pool, after every hook that it offers, and that handler ends the
process wherever it is. So the task brings its handler along: between tasks a process still ends at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import billiard
from celery.exceptions import Reject

from workers import lease

LEAVE_SECONDS = 1.0  # for the parent to hear how the task ended, before the process ends too


def end_processes(pool: Any) -> None:
    """In the parent, once it has been told to stop: tell the processes of Celery's pool (None: not there yet), by
    SIGTERM.

    One that still imports ends at once, which is no error, and the pool would start another in its place, for which the
    stop would wait.
    """
    if pool is not None and pool._pool is not None:
        pool._pool._processes = 0
    for child in billiard.active_children():
        child.terminate_controlled()


@contextlib.contextmanager
def work_given_back() -> Iterator[None]:
    """For a task, in the main thread. Raises Reject when the process has been told to stop: the message is for others.

    A process that was told to stop ends a moment after its task.
    """
    before = signal.signal(signal.SIGTERM, _ask)
    try:
        if lease.stopping.is_set():
            raise Reject("this process is about to end", requeue=True)
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if lease.stopping.is_set():
            leaving = threading.Timer(LEAVE_SECONDS, os.kill, (os.getpid(), signal.SIGTERM))
            leaving.daemon = True
            leaving.start()


def _ask(_number: int, _frame: FrameType | None) -> None:
    lease.stopping.set()
