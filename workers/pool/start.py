"""How a worker gives way: by its niceness, and by when it begins."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from service.domain.jobs.lanes import SHORT
from service.errors import QueueUnavailable
from service.queue import QUEUES, TRAIN, Queue
from service.settings import Settings

OTHERS_SECONDS = 60.0
LOOK_SECONDS = 0.25


def give_way(settings: Settings, roles: Sequence[str]) -> None:
    """Set the niceness of this process, and so of those that it starts: who waits for an answer goes first, then short
    work, then training. A worker for short work alone waits for the others besides."""
    if TRAIN.queue in roles:
        os.nice(settings.training_niceness)
    elif SHORT in roles:
        os.nice(settings.training_niceness // 2)
        _let_others_start(Queue(settings.broker_url))


def _let_others_start(queue: Queue) -> None:
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
