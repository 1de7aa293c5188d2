"""Whether this worker works, seen from a thread beside its event loop: it says so to the others, or ends.

A worker's process may live, and its connection may look whole, while no message arrives any more; kombu and Celery
have had one reason after the other for that (celery#8030, kombu#2492, kombu#2629). What counts is that messages are
taken.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from celery.worker import state

from service.errors import QueueUnavailable
from service.queue import Announced, Queue, queues_of

LOOK_SECONDS = 1.0
DEAF_SECONDS = 10.0  # with work waiting and processes free
FAILURE = 1  # exit code, also for who starts containers again

log = structlog.get_logger(__name__)


class Watch:
    """Over the pool of `consumer`. `end` asks the tasks that run to give their work back; `alive` is called with each
    look that found the worker working."""

    def __init__(
        self,
        consumer: Any,
        queue: Queue,
        roles: Sequence[str],
        end: Callable[[], None],
        stop_seconds: float,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._consumer = consumer
        self._queue = queue
        self._roles = roles
        self._end = end
        self._stop_seconds = stop_seconds
        self._alive = alive
        self._left = False
        self._taken = 0
        self._alert_since = time.monotonic()
        self._name = f"{socket.gethostname()}/{os.getpid()}"
        self._started_at = datetime.now(UTC)

    @property
    def exit_code(self) -> int:
        """The exit code of a worker that has ended: not 0 if it is to start again. Celery's own is lost on the way, and
        1 after Ctrl-C."""
        if self._left:
            return FAILURE
        return 0 if state.should_stop is not None else int(self._consumer.controller.exitcode or 0)

    def start(self) -> None:
        threading.Thread(target=self._look_and_look_again, name="watch", daemon=True).start()

    def _look_and_look_again(self) -> None:
        while state.should_stop is None and state.should_terminate is None:
            try:
                self._look()
            except QueueUnavailable:  # nothing can be taken from it
                self._alert_since = time.monotonic()
            except Exception as error:
                log.exception("the watch met an error", error=str(error))
            if time.monotonic() - self._alert_since > DEAF_SECONDS:
                self._leave()
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        up = self._processes_up()
        if up:
            self._queue.announce(self._roles, Announced(self._name, tuple(self._roles), up, self._started_at))
            self._alive()
        waiting = sum(map(self._queue.length, queues_of(self._roles)))
        taken = state.all_total_count[0]
        if not waiting or up <= len(state.reserved_requests) or taken != self._taken:
            self._taken, self._alert_since = taken, time.monotonic()

    def _processes_up(self) -> int:
        """The number of processes that have imported all that they need, and wait for work or do it."""
        return len(
            self._consumer.pool._pool._all_inqueues
        )  # of those that have said so; first ones are in no other list

    def _leave(self) -> None:
        log.error(
            f"work waits and processes are free, and for {DEAF_SECONDS:g} s nothing was taken: this worker ends, "
            "to be started again",
            queues=queues_of(self._roles),
        )
        self._left = True
        self._end()
        state.should_stop = FAILURE
        time.sleep(self._stop_seconds)
        log.error("the worker did not end in order")
        os._exit(FAILURE)
