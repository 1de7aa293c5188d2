"""What takes messages from the queue, and outlives what may happen to queues: Celery's consumer, three ways changed.

- A message that cannot be understood is dropped and told. Celery would end the worker, give the message back to the
  queue on the way out, and meet it again at its next start.
- Any other error of the connection's loop makes a new connection. Celery would stop taking work, and wait without an
  end for the tasks that run.
- A broker that is away is asked for once a second. Celery waits longer each time, up to half a minute.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import celery.worker.consumer
import structlog
from billiard.exceptions import WorkerLostError

RETRY_SECONDS = 1.0
SHOWN_CHARACTERS = 200  # of a message that is dropped

log = structlog.get_logger(__name__)


class Consumer(celery.worker.consumer.Consumer):  # type: ignore[misc]  # celery has no types
    """See the module."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        loop: Callable[..., None] = self.loop  # type: ignore[has-type]  # celery's, chosen for the transport
        self.loop = functools.partial(self._loop_or_reconnect, loop)

    def ensure_connected(self, conn: Any) -> Any:
        """The connection, once it is there."""
        conn.ensure_connection = functools.partial(
            conn.ensure_connection, interval_start=RETRY_SECONDS, interval_step=0, interval_max=RETRY_SECONDS
        )
        return super().ensure_connected(conn)

    def create_task_handler(self, *arguments: Any, **more: Any) -> Callable[[Any], None]:
        """What is called with each message."""
        handle = super().create_task_handler(*arguments, **more)

        def handle_or_drop(message: Any) -> None:
            try:
                handle(message)
            except self.connection_errors:
                raise
            except Exception as error:
                shown = repr((message.headers, message.body))[:SHOWN_CHARACTERS]
                log.exception("message dropped: it cannot be understood", error=str(error), message=shown)
                message.ack_log_error(logging.getLogger(__name__), self.connection_errors)

        return handle_or_drop

    def _loop_or_reconnect(self, loop: Callable[..., None], *arguments: Any) -> None:
        try:
            loop(*arguments)
        except (*self.connection_errors, MemoryError, WorkerLostError):
            raise
        except Exception as error:  # what was no message at all, say: it is gone from the queue
            log.exception("dropped what came from the queue; connecting again", error=str(error))
            raise ConnectionError("the queue said what cannot be understood") from error
