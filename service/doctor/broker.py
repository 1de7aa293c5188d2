"""What the broker says, and who serves its queues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry

from service.doctor.database import skewed
from service.doctor.findings import Finding, Patient
from service.queue import INGEST, TRAIN, Queue

SECONDS = 3.0


def broker(patient: Patient) -> Iterator[Finding]:
    """The broker: whether it answers, asks for a password, keeps what it is given, and has the same time"""
    url = patient.settings.broker_url
    if not url:
        return  # adaline serve starts its own, on a socket of this user alone
    client = redis.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
    try:
        with client:
            client.ping()
            yield from _password(url)
            yield from _eviction(client)
            yield from _clock(client, patient)
            yield from _served(patient)
    except RedisError as error:
        is_refused = isinstance(error, AuthenticationError)
        yield Finding(
            "broker_refuses" if is_refused else "broker_unreachable",
            "broken",
            f"the broker {'refuses the password' if is_refused else 'does not answer'} (ADALINE_BROKER_URL): {error}",
            "put the password of the server into the URL (redis://:password@host:6379/0)"
            if is_refused
            else "start it, and check host and port of the URL",
        )


CHECKS = (broker,)


def _password(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if not parts.hostname:
        return  # a socket has an owner
    stranger = redis.Redis(
        parts.hostname,
        parts.port or 6379,
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        ssl=parts.scheme.startswith("rediss"),
        retry=Retry(NoBackoff(), 0),  # a refusal is the answer that is hoped for: redis-py would ask ten times more
    )
    try:
        with stranger:
            stranger.ping()
    except RedisError:
        return
    yield Finding(
        "broker_open",
        "unsafe",
        f"the broker at {parts.hostname} obeys anybody, without a password: who reaches it can give workers orders",
        "set requirepass in its configuration, and put the password into ADALINE_BROKER_URL",
    )


def _eviction(client: redis.Redis) -> Iterator[Finding]:
    memory = client.info("memory")
    policy, most = str(memory.get("maxmemory_policy", "noeviction")), int(memory.get("maxmemory", 0))
    if policy != "noeviction":
        when = f"once it holds {most / 2**20:,.0f} MiB" if most else "as soon as maxmemory is set"
        yield Finding(
            "broker_evicts",
            "broken",
            f"the broker's maxmemory-policy is {policy}: {when} it drops queued messages",
            "set maxmemory-policy noeviction",
        )


def _clock(client: redis.Redis, patient: Patient) -> Iterator[Finding]:
    before = patient.machine.clock()
    seconds, microseconds = client.time()
    theirs = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
    yield from skewed("broker", before, theirs, patient.machine.clock())


def _served(patient: Patient) -> Iterator[Finding]:
    queue = Queue(patient.settings.broker_url)
    served = queue.served()
    for role, what in ((TRAIN.queue, "jobs"), (INGEST.queue, "uploads")):
        if not served[role]:
            yield Finding(
                "no_worker",
                "broken",
                f"no worker takes {what}: they wait in the queue {role!r}",
                f"start one: adaline worker --queues {role}",
            )
    if not queue.sweeps():
        yield Finding(
            "no_sweeper",
            "broken",
            "no sweeper runs: work whose worker or message was lost waits for ever, and unused files stay",
            "start one: adaline sweep",
        )
    here = queue.version
    for version in queue.versions() - {here}:
        yield Finding(
            "other_version",
            "broken",
            f"a worker or sweeper of version {version} is at work, and this is {here}",
            "update all parts to the same version",
        )
