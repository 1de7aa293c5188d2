"""The queue carries an id and a task's name; when it is away, that is said soon."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest
import redis

from service.domain.jobs.lanes import LONG, SHORT
from service.errors import QueueUnavailable, SettingInvalid
from service.queue import INGEST, TRAIN, Queue, celery_broker_url, check_roles

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


@pytest.mark.parametrize(
    ("roles", "word"), [(["train", "predict"], "'predict'"), (["short", "train"], "takes no other queue")]
)
def test_what_no_worker_can_be_started_for_is_named(roles: list[str], word: str) -> None:
    with pytest.raises(SettingInvalid, match=word):
        check_roles(roles)


def test_messages_of_the_lanes_wait_apart_and_are_counted_together(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    queue = Queue(valkey_url)
    for id, lane in (("job_1", SHORT), ("job_2", LONG), ("job_3", LONG)):
        queue.send(TRAIN, id, lane)
    assert [queue.length(name) for name in ("train-short", "train")] == [1, 2]
    assert (queue.waiting(TRAIN), queue.waiting(INGEST)) == (3, 0)
    assert queue.ids_waiting(TRAIN) == {"job_1", "job_2", "job_3"}


def test_who_takes_everything_serves_both_lanes_and_who_takes_the_short_one_that_alone(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    queue = Queue(valkey_url)
    queue.announce(["short"])
    served = queue.served()
    assert {name for name, is_there in served.items() if is_there} == {"short", "train-short", "ingest-short"}
    queue.announce(["train"])
    assert {name for name, is_there in queue.served().items() if not is_there} == {"ingest"}
