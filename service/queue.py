"""Wake a worker: send the id of a piece of work to a queue, by the name of its task. Nothing else travels but, for the
worker's log, the id of the request that sends it.

A lost message is sent again by the sweeper, a doubled one finds nothing to claim: the database owns the truth.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from service.domain.jobs.lanes import LANES, LONG, SHORT
from service.errors import QueueUnavailable, SettingInvalid
from service.tracing import origin, span

ANSWER_SECONDS = 5.0
SERVED = "adaline.served."  # and a name of ROLES or of a queue: a key that workers keep alive
WORKER = "adaline.worker."  # and a worker's name: a key that it keeps alive
SERVED_SECONDS = 5.0  # how long what they say holds; they say it each second
VERSION = "adaline.version."  # and a version that some worker or sweeper has
VISIBILITY_SECONDS = (
    86_400  # longer than any task: redelivery is the sweeper's, by lease, not the transport's, by clock
)
READ_AT_ONCE = 1000  # messages, of about a kilobyte each
SEND_SECONDS = 2.0  # how long a request may be held up by a broker that does not answer


@dataclass(frozen=True, slots=True)
class Task:
    """A task by its name, and the queue that it waits in; in the lane for short work, the one beside it."""

    name: str
    queue: str

    def queue_in(self, lane: str) -> str:
        """The queue of this lane."""
        return self.queue if lane == LONG else f"{self.queue}-{lane}"

    def lane_of(self, queue: str) -> str:
        """The lane of a queue."""
        return next(lane for lane in LANES if self.queue_in(lane) == queue)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues of all lanes."""
        return tuple(self.queue_in(lane) for lane in LANES)


@dataclass(frozen=True, slots=True)
class Announced:
    """A worker as it says that it is there: `name` is its host and process id."""

    name: str
    roles: tuple[str, ...]
    processes: int
    started_at: datetime

    def to_json(self) -> str:
        return json.dumps([self.name, self.roles, self.processes, self.started_at.isoformat()])

    @classmethod
    def of(cls, text: bytes) -> Announced:
        name, roles, processes, started_at = json.loads(text)
        return cls(name, tuple(roles), processes, datetime.fromisoformat(started_at))


INGEST = Task("adaline.ingest", "ingest")
TRAIN = Task("adaline.train", "train")
QUEUES = tuple(task.queue for task in (INGEST, TRAIN))  # the roles of workers who take all that waits for them
SWEEPER = "sweeper"  # takes nothing from a queue, but says that it is there as workers do
ROLES: dict[str, tuple[str, ...]] = {
    TRAIN.queue: TRAIN.queues,
    INGEST.queue: INGEST.queues,
    SHORT: (TRAIN.queue_in(SHORT), INGEST.queue_in(SHORT)),
}
"""What a worker may be started for (`--queues`), and which queues that means."""


def check_roles(roles: Sequence[str]) -> None:
    """Raises SettingInvalid for what no worker can be started for."""
    if unknown := [role for role in roles if role not in ROLES]:
        raise SettingInvalid(f"unknown queue {unknown[0]!r}; the queues are {', '.join(ROLES)}")
    if SHORT in roles and len(roles) > 1:
        raise SettingInvalid(f"a worker for {SHORT!r} takes no other queue: start another worker for the others")


def queues_of(roles: Sequence[str]) -> list[str]:
    """The queues that these roles take work from, each once.

    >>> queues_of(["train", "short"])
    ['train-short', 'train', 'ingest-short']
    """
    return list(dict.fromkeys(queue for role in roles for queue in ROLES[role]))


def celery_settings(broker_url: str) -> dict[str, Any]:
    """What both ends of the queue must agree on."""
    return {
        "broker_url": celery_broker_url(broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
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

    def send(self, task: Task, id: str, lane: str = LONG) -> None:
        """Wake a worker. Raises QueueUnavailable when the broker does not answer in time."""
        queue = task.queue_in(lane)
        try:
            with span(f"send {task.name}", kind="PRODUCER", queue=queue, id=id):
                self._celery.send_task(
                    task.name, args=[id], argsrepr=id, queue=queue, headers=origin(), retry=False, ignore_result=True
                )
        except BrokerError as error:
            raise QueueUnavailable(
                "the queue does not answer; the work is kept, and will be sent once it does"
            ) from error

    def waiting(self, task: Task) -> int:
        """How many messages wait for the task, in all lanes. Raises QueueUnavailable."""
        return sum(map(self.length, task.queues))

    def length(self, name: str) -> int:
        """How many messages wait in the queue of this name. Raises QueueUnavailable."""
        with _answering():
            return int(self._redis.llen(name))

    def ids_waiting(self, task: Task) -> frozenset[str]:
        """Whose messages wait for the task, in any lane. Raises QueueUnavailable."""
        return frozenset(id for queue in task.queues for id in self._ids_in(queue))

    def _ids_in(self, queue: str) -> set[str]:
        ids: set[str] = set()
        first = 0
        with _answering():
            # a queue gets shorter at its end while it is read, and longer at its start: none is passed by
            while some := self._redis.lrange(queue, first, first + READ_AT_ONCE - 1):
                messages: list[bytes] = some  # type: ignore[assignment]  # redis-py types it as text or bytes
                ids.update(filter(None, map(_id_in, messages)))
                first += len(messages)
        return ids

    def announce(self, roles: Sequence[str], worker: Announced | None = None, seconds: float = SERVED_SECONDS) -> None:
        """Say that a worker (or the sweeper) has these roles, for the next `seconds`, and which. Raises
        QueueUnavailable."""
        milliseconds = int(seconds * 1000)
        keys = [SERVED + name for name in {*roles, *queues_of([role for role in roles if role in ROLES])}]
        with _answering(), self._redis.pipeline() as together:
            for key in (*keys, VERSION + self.version):
                together.set(key, b"", px=milliseconds)
            if worker is not None:
                together.set(WORKER + worker.name, worker.to_json(), px=milliseconds)
            together.execute()

    @functools.cached_property
    def version(self) -> str:
        """Of the Adaline that runs here."""
        return importlib.metadata.version("adaline")

    def versions(self) -> set[str]:
        """Which versions workers and sweepers have that are there. Raises QueueUnavailable."""
        with _answering():
            return {key.decode().removeprefix(VERSION) for key in self._redis.scan_iter(VERSION + "*")}

    def workers(self) -> list[Announced]:
        """The workers that say that they are there. Raises QueueUnavailable."""
        with _answering():
            names = list(self._redis.scan_iter(f"{WORKER}*", count=READ_AT_ONCE))
            found: list[bytes | None] = self._redis.mget(names) if names else []  # type: ignore[assignment]  # as above
        return [Announced.of(text) for text in found if text is not None]

    def sweeps(self) -> bool:
        """Whether there is a sweeper. Raises QueueUnavailable."""
        with _answering():
            return bool(self._redis.exists(SERVED + SWEEPER))

    def served(self) -> dict[str, bool]:
        """Whether some worker has each role, and serves each queue. Raises QueueUnavailable."""
        names = list(dict.fromkeys([*ROLES, *queues_of([*ROLES])]))
        with _answering():
            keys = [SERVED + name for name in names]
            found: list[bytes | None] = self._redis.mget(keys)  # type: ignore[assignment]  # as redis-py types it
        return {name: one is not None for name, one in zip(names, found, strict=True)}


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
