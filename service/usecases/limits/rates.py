"""Requests a second: counted in windows of a second, in memory, out of shares that processes take from Redis.

A look into Redis for each request would take longer than the prediction that it lets through. So a process takes a
share of an owner's second at once, and counts that down by itself: together they let through what is allowed, never
more, and twenty requests in a second wait for Redis. One process alone needs no Redis. While Redis is away each process
counts by itself. A key with limits of its own is counted by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
import structlog

from service.domain.access.identity import Identity
from service.errors import RateLimited
from service.settings import Settings

KEY = "adaline.rate."
SHARES = 20  # of a second's requests
KEPT_SECONDS = 3
ANSWER_SECONDS = 0.2
POLICY = "requests"
COUNTED = "adaline.counted"
"""In a request's environ, once it was counted: what its answer says of the limit."""

log = structlog.get_logger(__name__)
LimitHeaders = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class RateWindow:
    """A second: what is left of this process's share, and how much others may still take, as far as is known."""

    second: int
    own: int = 0
    others: int = 0
    is_over: bool = False


class RequestRates:
    """The counters of one process. `clock` gives seconds."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        is_alone = settings.api_processes == 1 and settings.broker_url.startswith("unix://")
        self._settings, self._clock = settings, clock
        self._redis = None if is_alone else redis.Redis.from_url(
            settings.broker_url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
        )  # fmt: skip
        self._lock = threading.Lock()
        self._windows: dict[str, RateWindow] = {}

    def admit(self, who: Identity) -> LimitHeaders:
        """Count a request; what its answer says of the limit: nothing where there is none. Raises RateLimited."""
        most = self._settings.owner_requests_per_second
        if who.limits is not None:
            most = who.limits.get("requests_per_second", most)
        if not most:
            return ()
        return self._counted(f"{who.owner}:{who.key}" if who.is_limited_by_key else who.owner, most)

    def _counted(self, name: str, most: int) -> LimitHeaders:
        moment = self._clock()
        second = int(moment)
        with self._lock:
            window = self._windows.get(name)
            if window is None or window.second != second:
                window = self._windows[name] = RateWindow(second)
            if not window.own and not window.is_over:
                self._take(window, name, most)
            if window.own:
                window.own -= 1
                left = window.own + window.others
            else:
                left = None
        policy = ("RateLimit-Policy", f'"{POLICY}";q={most};w=1')
        if left is None:
            error = RateLimited(
                f"more than {most:,} requests in a second; send them more slowly, many rows in one request, or ask who "
                "runs this server for a higher limit",
                retry_after=1,
            )
            error.headers = (policy, ("RateLimit", f'"{POLICY}";r=0;t=1'))
            raise error
        return policy, ("RateLimit", f'"{POLICY}";r={left};t=1')

    def _take(self, window: RateWindow, name: str, most: int) -> None:
        """Take another share."""
        is_alone = self._redis is None
        share = most if is_alone else max(1, most // SHARES)
        taken = share
        if self._redis is not None:
            try:
                with self._redis.pipeline(transaction=False) as together:
                    key = f"{KEY}{name}.{window.second}"
                    together.incrby(key, share)
                    together.expire(key, KEPT_SECONDS)
                    taken = int(together.execute()[0])
            except redis.RedisError as error:
                log.warning("requests are counted by each process alone", error=str(error))
                share = taken = most
                is_alone = True
        window.own = max(min(share, most - (taken - share)), 0)
        window.others = max(most - taken, 0)
        window.is_over = not window.own or is_alone
