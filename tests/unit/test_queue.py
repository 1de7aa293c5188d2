"""The queue carries an id and a task's name; when it is away, that is said soon."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest
import redis

from service.errors import QueueUnavailable
from service.queue import INGEST, TRAIN, Queue, celery_broker_url

SOON_SECONDS = 30.0


@pytest.fixture
def empty_valkey(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
        yield client


def test_a_message_is_the_tasks_name_and_an_id_in_json(valkey_url: str, empty_valkey: redis.Redis) -> None:
    Queue(valkey_url).send(TRAIN, "job_1")
    message = json.loads(empty_valkey.lrange("train", 0, -1)[0])
    assert message["headers"]["task"] == "adaline.train"
    assert message["content-type"] == "application/json"
    assert "job_1" in message["headers"]["argsrepr"]


def test_each_task_waits_in_its_own_queue(valkey_url: str, empty_valkey: redis.Redis) -> None:
    queue = Queue(valkey_url)
    assert (queue.waiting(TRAIN), queue.waiting(INGEST)) == (0, 0)
    for id in ("job_1", "job_2"):
        queue.send(TRAIN, id)
    queue.send(INGEST, "ds_1")
    assert (queue.waiting(TRAIN), queue.waiting(INGEST)) == (2, 1)


def test_a_queue_that_is_away_is_named_soon() -> None:
    queue = Queue(f"unix:///nowhere/{os.getpid()}.sock")
    started = time.monotonic()
    with pytest.raises(QueueUnavailable):
        queue.send(TRAIN, "job_1")
    assert time.monotonic() - started < SOON_SECONDS
    with pytest.raises(QueueUnavailable):
        queue.waiting(TRAIN)
    assert time.monotonic() - started < 2 * SOON_SECONDS


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("redis://host:6379/1", "redis://host:6379/1"),
        ("rediss://:secret@host/0", "rediss://:secret@host/0"),
    ],
)
def test_urls_are_spelt_as_celery_wants_them(url: str, spelt: str) -> None:
    assert celery_broker_url(url) == spelt
