"""Who waits for a job or a dataset is told when it changes: a hint over Redis pub/sub, the truth from the database.

A lost hint costs a waiter at most RECHECK_SECONDS, since it looks again by itself.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import redis
import structlog

T = TypeVar("T")

CHANNEL = "adaline.changes"
REGISTRY = "registry"  # what changes when a version, an alias or a share does
KEYS_CHANGED = "keys"
RECHECK_SECONDS = 1.0
RECONNECT_SECONDS = 1.0
CLOSE_SECONDS = 5.0  # for a listener that is connecting to a broker that is away

log = structlog.get_logger(__name__)


class Waiter:
    """One who waits for an id; `told` is set when it may have changed since the last look."""

    def __init__(self, told: threading.Event, closed: threading.Event) -> None:
        self._told, self._closed = told, closed

    def look_again(self) -> None:
        """There is more than the last look has given."""
        self._told.set()

    def wait(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """What `look` gives as soon as it is not None, or None when the time has passed."""
        deadline = time.monotonic() + seconds
        while True:
            self._told.wait(max(0.0, min(deadline - time.monotonic(), RECHECK_SECONDS)))
            self._told.clear()  # before looking: a change that comes after it sets the event again
            found = look()
            if found is not None or time.monotonic() >= deadline or self._closed.is_set():
                return found


class Changes:
    """Both ends of the channel. The listening thread starts with the first waiter."""

    def __init__(self, broker_url: str) -> None:
        self._redis = redis.Redis.from_url(broker_url, socket_connect_timeout=2, socket_timeout=5)
        self._lock = threading.Lock()
        self._waiters: defaultdict[str, set[threading.Event]] = defaultdict(set)
        self._listener: threading.Thread | None = None
        self._closed = threading.Event()

    def publish(self, id: str) -> None:
        """Say that something about this id has changed. A broker that is away is only logged: waiters look anyway."""
        try:
            self._redis.publish(CHANNEL, id)
        except redis.RedisError as error:
            log.warning("change not published", id=id, error=str(error))

    def wait(self, id: str, look: Callable[[], T | None], seconds: float) -> T | None:
        """What `look` gives as soon as it is not None, or None when the time has passed."""
        with self.watch(id) as watch:
            return watch.wait(look, seconds)

    @contextmanager
    def watch(self, id: str) -> Iterator[Waiter]:
        """Wait for changes of this id more than once, without missing one in between or looking for none."""
        told = threading.Event()
        told.set()  # nobody has looked yet
        self._listen()
        with self._lock:
            self._waiters[id].add(told)
        try:
            yield Waiter(told, self._closed)
        finally:
            with self._lock:
                self._waiters[id].discard(told)
                if not self._waiters[id]:
                    del self._waiters[id]

    def ping(self) -> None:
        """Raises redis.RedisError when the broker does not answer."""
        self._redis.ping()

    @property
    def closed(self) -> bool:
        """Whether the process ends: nobody is told of anything any more."""
        return self._closed.is_set()

    def close(self) -> None:
        """Wake everybody, and end the listener before its connection goes: redis-py breaks in many ways on one that is
        closed while it connects or reads."""
        self._closed.set()
        with self._lock:
            for told in (event for events in self._waiters.values() for event in events):
                told.set()
            listener = self._listener
        if listener is not None:
            self.publish("")  # nobody's id: the listener looks up, and sees that it is to end
            listener.join(CLOSE_SECONDS)
        self._redis.close()

    def _listen(self) -> None:
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(target=self._relay, name="changes", daemon=True)
                self._listener.start()

    def _relay(self) -> None:
        while not self._closed.is_set():
            try:
                listening = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py's
                with listening as channel:
                    channel.subscribe(CHANNEL)
                    while not self._closed.is_set():
                        message = channel.get_message(timeout=RECHECK_SECONDS)
                        if message is not None:
                            self._tell(message["data"].decode())
            except redis.RedisError as error:
                if not self._closed.is_set():
                    log.warning("not listening for changes", error=str(error))
                self._closed.wait(RECONNECT_SECONDS)

    def _tell(self, id: str) -> None:
        with self._lock:
            for told in self._waiters.get(id, ()):
                told.set()
