"""When a worker begins that others should begin before."""

from __future__ import annotations

import time

from service.errors import QueueUnavailable
from service.queue import QUEUES, Queue

OTHERS_SECONDS = 60.0
LOOK_SECONDS = 0.25


def let_others_start(queue: Queue) -> None:
    """Wait until somebody takes all kinds of work, or for a minute: until then this lane would make no job's start
    sooner, only theirs later."""
    until = time.monotonic() + OTHERS_SECONDS
    while time.monotonic() < until:
        try:
            served = queue.served()
        except QueueUnavailable:
            return
        if all(served[role] for role in QUEUES):
            return
        time.sleep(LOOK_SECONDS)
