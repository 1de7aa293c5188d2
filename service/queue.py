"""Wake a worker: send the id of a piece of work to a queue, by the name of its task. Nothing else travels.

A lost message is sent again by the sweeper, a doubled one finds nothing to claim: the database owns the truth.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from service.errors import QueueUnavailable

ANSWER_SECONDS = 5.0
SERVED = "adaline.served."  # and a queue's name: a key that workers keep alive
SERVED_SECONDS = 5.0  # how long what they say holds; they say it each second
READ_AT_ONCE = 1000  # messages, of about a kilobyte each
SEND_SECONDS = 2.0  # how long a request may be held up by a broker that does not answer


@dataclass(frozen=True, slots=True)
class Task:
    """A task by its name, and the queue that it waits in."""

    name: str
    queue: str


INGEST = Task("adaline.ingest", "ingest")
TRAIN = Task("adaline.train", "train")
QUEUES = tuple(task.queue for task in (INGEST, TRAIN))


def celery_settings(broker_url: str) -> dict[str, Any]:
    """What both ends of the queue must agree on."""
    return {
        "broker_url": celery_broker_url(broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # longer than any task: redelivery is the sweeper's, by lease, not the transport's, by the clock
            "visibility_timeout": 86_400,
            "socket_keepalive": True,
            "socket_timeout": 30,
            "socket_connect_timeout": SEND_SECONDS,
            "health_check_interval": 25,
        },
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": TRAIN.queue,
    }


def celery_broker_url(url: str) -> str:
    """Celery's spelling of a redis-py URL: `unix:///path` becomes `redis+socket:///path`."""
    return "redis+socket://" + url.removeprefix("unix://") if url.startswith("unix://") else url


class Queue:
    """The sending end."""

    def __init__(self, broker_url: str) -> None:
        self._celery = Celery("adaline", set_as_current=False)
        settings = celery_settings(broker_url)
        settings["broker_transport_options"] |= {"max_retries": 1, "interval_start": 0.1}  # kombu's own would take 6 s
        self._celery.conf.update(settings)
        self._redis = redis.Redis.from_url(
            broker_url, socket_connect_timeout=SEND_SECONDS, socket_timeout=ANSWER_SECONDS
        )

    def prepare(self) -> None:
        """Import and build what the first `send` would wait for; no broker is needed."""
        self._celery.finalize()
        _ = self._celery.amqp.producer_pool, self._celery.backend

    def send(self, task: Task, id: str) -> None:
        """Wake a worker. Raises QueueUnavailable when the broker does not answer in time."""
        try:
            self._celery.send_task(task.name, args=[id], argsrepr=id, queue=task.queue, retry=False, ignore_result=True)
        except BrokerError as error:
            raise QueueUnavailable("the queue does not answer; the work is kept and will be sent again") from error

    def waiting(self, task: Task) -> int:
        """How many messages wait in the task's queue. Raises QueueUnavailable."""
        return self.length(task.queue)

    def length(self, name: str) -> int:
        """How many messages wait in the queue of this name. Raises QueueUnavailable."""
        with _answering():
            return int(self._redis.llen(name))

    def ids_waiting(self, task: Task) -> frozenset[str]:
        """Whose messages wait in the task's queue. Raises QueueUnavailable."""
        ids: set[str] = set()
        first = 0
        with _answering():
            # a queue gets shorter at its end while it is read, and longer at its start: none is passed by
            while some := self._redis.lrange(task.queue, first, first + READ_AT_ONCE - 1):
                messages: list[bytes] = some  # type: ignore[assignment]
                ids.update(filter(None, map(_id_in, messages)))
                first += len(messages)
        return frozenset(ids)

    def announce(self, names: Sequence[str]) -> None:
        """Say that a worker serves these queues, at this moment. Raises QueueUnavailable."""
        with _answering(), self._redis.pipeline() as together:
            for name in names:
                together.set(SERVED + name, b"", px=int(SERVED_SECONDS * 1000))
            together.execute()

    def served(self) -> dict[str, bool]:
        """Whether some worker serves each queue. Raises QueueUnavailable."""
        with _answering():
            found: list[bytes | None] = self._redis.mget([SERVED + name for name in QUEUES])  # type: ignore[assignment]
        return {name: one is not None for name, one in zip(QUEUES, found, strict=True)}


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise QueueUnavailable("the queue does not answer") from error


def _id_in(message: bytes) -> str | None:
    """The id that `send` put into a message; None where it is not one of ours."""
    try:
        return str(json.loads(message)["headers"]["argsrepr"])
    except (ValueError, TypeError, KeyError):
        return None
