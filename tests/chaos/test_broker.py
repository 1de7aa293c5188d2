"""The broker goes away while every process is busy, and comes back; and messages that no one can understand."""

from __future__ import annotations

import contextlib
import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.queue import TRAIN
from service.settings import Settings
from service.wiring import Deps, wire
from tests.chaos.broker import Broker, free_port
from tests.chaos.jobs import add_dataset, add_job, job_of
from tests.chaos.pool import START_SECONDS, pool, processes_of
from tests.integration.processes import Running, eventually

PAUSED_SECONDS = 8.0


@pytest.fixture(scope="module", params=["embedded", "tcp"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    port = free_port() if request.param == "tcp" else 0
    with tempfile.TemporaryDirectory(prefix="adaline-") as directory:  # a socket's path must be short
        broker = Broker(Path(directory), port)
        try:
            yield broker
        finally:
            broker.process.send_signal(signal.SIGCONT)
            broker.kill()


@pytest.fixture(scope="module")
def deps(broker: Broker, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deps]:
    data = tmp_path_factory.mktemp("data")
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    deps = wire(Settings(data=data, broker_url=broker.url))
    yield deps
    deps.close()


@pytest.fixture(scope="module")
def worker(deps: Deps) -> Iterator[Running]:
    """A pool that has shown that it works, and outlives all that is done to its broker."""
    with pool(deps.settings, TRAIN.queue) as worker:
        first = add_job(deps, add_dataset(deps), epochs=1)
        assert eventually(lambda: job_of(deps, first).state == "succeeded", START_SECONDS), "\n".join(worker.lines)
        yield worker
        assert worker.process.poll() is None


@contextlib.contextmanager
def killed(broker: Broker) -> Iterator[None]:
    broker.kill()
    try:
        yield
    finally:
        broker.start()


@contextlib.contextmanager
def paused(broker: Broker) -> Iterator[None]:
    broker.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        broker.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def emptied(broker: Broker) -> Iterator[None]:
    with broker.client() as client:
        client.flushall()
    yield


@pytest.mark.parametrize("disturbed", [killed, paused, emptied])
def test_new_work_is_taken_after_an_absence_of_the_broker_in_which_a_task_has_ended(
    deps: Deps,
    worker: Running,
    broker: Broker,
    disturbed: Callable[[Broker], contextlib.AbstractContextManager[None]],
) -> None:
    """A task that ends meanwhile cannot be acknowledged."""
    dataset = add_dataset(deps)
    busy = add_job(deps, dataset, epochs=80)
    assert eventually(lambda: job_of(deps, busy).state == "running")
    with disturbed(broker):
        # a broker that holds still holds up who tells of epochs too: that task ends soon after its return
        if disturbed is paused:
            time.sleep(PAUSED_SECONDS)
        else:
            assert eventually(lambda: job_of(deps, busy).state == "succeeded", START_SECONDS)
        time.sleep(1.0)  # the worker has tried to say so
    assert eventually(lambda: job_of(deps, busy).state == "succeeded", START_SECONDS)
    new = add_job(deps, dataset, epochs=1)
    assert eventually(lambda: job_of(deps, new).state != "queued", START_SECONDS), "\n".join(worker.lines)
    assert eventually(lambda: job_of(deps, new).state == "succeeded")


def poisons() -> dict[str, str | bytes]:
    """Messages that cannot be understood, at each depth of what a message is."""
    sent = {
        "body": "W10=", "content-encoding": "utf-8", "content-type": "application/json",
        "headers": {"id": "1", "task": TRAIN.name, "lang": "py", "argsrepr": "x", "root_id": "1", "parent_id": None},
        "properties": {
            "correlation_id": "1", "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "train"},
            "priority": 0, "body_encoding": "base64", "delivery_tag": "1", "reply_to": "",
        },
    }  # fmt: skip
    headers = sent["headers"]
    assert isinstance(headers, dict)
    return {
        "no JSON": b"\xff\x00 no JSON",
        "a list": "[]",
        "an object": "{}",
        "a list for a task's name": json.dumps({**sent, "headers": {**headers, "task": ["adaline.train"]}}),
        "a number for a task's name": json.dumps({**sent, "headers": {**headers, "task": 7}}),
        "an unknown task": json.dumps({**sent, "headers": {**headers, "task": "os.system"}}),
        "headers that are a list": json.dumps({**sent, "headers": []}),
        "a body that is no base64": json.dumps({**sent, "body": "%%%"}),
        "a body of other bytes": json.dumps({**sent, "body": "////"}),
        "pickled": json.dumps({**sent, "content-type": "application/x-python-serialize"}),
        "arguments of another shape": json.dumps({**sent, "body": "eyJhIjoxfQ=="}),
        "no tag": json.dumps({**sent, "properties": {}}),
    }


def test_messages_that_cannot_be_understood_are_dropped_and_told_and_jobs_run(
    deps: Deps, worker: Running, broker: Broker
) -> None:
    processes = {one.pid for one in processes_of(worker)}
    dataset = add_dataset(deps)
    with broker.client() as client:
        for name, message in poisons().items():
            client.lpush(TRAIN.queue, message)
            id = add_job(deps, dataset, epochs=1)
            assert eventually(lambda id=id: job_of(deps, id).state == "succeeded"), f"{name}: {worker.lines[-30:]}"
        assert client.llen(TRAIN.queue) == 0
        assert eventually(lambda: client.hlen("unacked") == 0)  # a task is acknowledged after its job has ended
    assert {one.pid for one in processes_of(worker)} == processes  # nobody had to be started again
