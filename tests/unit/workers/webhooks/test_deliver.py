"""What webhooks are told, by a real receiver: signed, again after failures, to allowed peers only, within bounds."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from service.domain.jobs import notices
from service.store import jobs
from service.store.session import now
from service.store.steering import webhooks
from service.store.steering.tables import DeliveryRow
from service.usecases.steering.webhooks import register
from service.wiring import Deps
from tests import samples
from tests.integration.processes import eventually
from tests.unit.workers.webhooks.receiver import Receiver, plain, receiving
from workers.webhooks.deliver import deliver_due

LOOPBACK = {"webhooks": "on", "webhook_allowed_peers": "127.0.0.0/8"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


@pytest.fixture
def telling(make_deps: Callable[..., Deps]) -> Deps:
    return make_deps(**LOOPBACK)


def ended(deps: Deps, state: Any = "failed", **values: Any) -> str:
    """A job that has just ended so."""
    id = samples.job(deps, state="cancelling" if state == "cancelled" else "running").id
    with deps.database.write() as session:
        assert jobs.move(session, id, state, finished_at=now(), **values)
    return id


def log_of(deps: Deps) -> list[DeliveryRow]:
    with deps.database.read() as session:
        return list(session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))


def make_due(deps: Deps) -> None:
    """As if the pause had passed."""
    with deps.database.write() as session:
        session.execute(update(DeliveryRow).where(DeliveryRow.due_at.is_not(None)).values(due_at=now()))


def register_at(deps: Deps, url: str, *events: str) -> str:
    return register(deps.database, deps.settings, "default", url, events).secret


def test_the_end_of_a_job_is_told_signed(telling: Deps, receiver: Receiver) -> None:
    secret = register_at(telling, receiver.url)
    id = ended(telling, "failed", error={"code": "diverged", "detail": "…"})
    assert deliver_due(telling) == 1
    ((headers, body),) = receiver.received
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["id"], told["data"]["state"]) == ("job.failed", id, "failed")
    assert told["data"]["error"]["code"] == "diverged"
    assert told["data"]["model"] is None
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"failed", b"forged"), headers)
    (row,) = log_of(telling)
    assert (row.id, row.state, row.attempts, row.status, row.due_at, row.error) == (
        headers["webhook-id"], "delivered", 1, 204, None, None,
    )  # fmt: skip
    assert deliver_due(telling) == 0


def test_a_published_version_is_told_beside_the_jobs_end(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url)
    id = ended(telling, "succeeded", model_version=3)
    deliver_due(telling)
    told = {one["type"]: one["data"] for one in (json.loads(body) for _, body in receiver.received)}
    assert set(told) == {"job.succeeded", "version.published"}
    assert told["job.succeeded"]["model"] == {"name": "houses", "version": 3}
    assert told["version.published"] == {"model": "houses", "version": 3, "job": id, "dataset": "ds_1"}


def test_only_what_was_asked_for_is_told_and_only_of_the_owners_jobs(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url, "job.cancelled")
    register(telling.database, telling.settings, "other", receiver.url, ())
    ended(telling, "failed")
    id = ended(telling, "cancelled")
    deliver_due(telling)
    assert [json.loads(body)["data"]["id"] for _, body in receiver.received] == [id]


def test_what_is_rolled_back_is_never_told(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url)
    id = samples.job(telling, state="running").id

    def break_off() -> None:
        with telling.database.write() as session:
            jobs.move(session, id, "failed")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert log_of(telling) == []


def test_it_is_told_again_after_failures_at_growing_pauses_until_it_arrives(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url, "job.failed")
    receiver.answer = lambda asked: plain(asked, 500 if len(receiver.received) < 3 else 200)
    ended(telling)
    pauses = []
    for attempt in (1, 2):
        deliver_due(telling)
        (row,) = log_of(telling)
        assert (row.state, row.attempts, row.status, row.error) == ("pending", attempt, 500, "answered 500")
        assert row.due_at is not None
        assert row.tried_at is not None
        pauses.append(row.due_at - row.tried_at)
        assert deliver_due(telling) == 0  # not before
        make_due(telling)
    deliver_due(telling)
    (row,) = log_of(telling)
    assert (row.state, row.attempts, row.status) == ("delivered", 3, 200)
    assert timedelta(seconds=5) <= pauses[0] < timedelta(minutes=5) <= pauses[1]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def test_after_the_last_attempt_it_has_failed(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url, "job.failed")
    receiver.answer = lambda asked: plain(asked, 503)
    ended(telling)
    for _ in range(len(notices.PAUSES) + 3):
        deliver_due(telling)
        make_due(telling)
    (row,) = log_of(telling)
    assert (row.state, row.attempts, row.due_at) == ("failed", len(notices.PAUSES) + 1, None)


def test_who_says_that_it_is_gone_is_asked_no_more(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url, "job.failed")
    receiver.answer = lambda asked: plain(asked, 410)
    ended(telling)
    deliver_due(telling)
    (row,) = log_of(telling)
    assert (row.state, row.attempts, row.due_at, row.status) == ("failed", 1, None, 410)


def test_a_redirect_is_not_followed(telling: Deps, receiver: Receiver) -> None:
    with receiving() as other:
        register_at(telling, receiver.url, "job.failed")
        receiver.answer = lambda asked: plain(asked, 307, Location=other.url)
        ended(telling)
        deliver_due(telling)
        assert other.received == []
    (row,) = log_of(telling)
    assert row.error == "answered 307: redirects are not followed; register the address that it leads to"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"])
def test_a_loopback_peer_is_never_reached_unless_it_is_allowed(
    make_deps: Callable[..., Deps], receiver: Receiver, host: str
) -> None:
    deps = make_deps(webhooks="on")
    register_at(deps, receiver.url.replace("127.0.0.1", host), "job.failed")
    ended(deps)
    deliver_due(deps)
    assert receiver.received == []
    (row,) = log_of(deps)
    assert row.error is not None
    assert row.error.startswith("not sent: ")
    assert "ADALINE_WEBHOOK_ALLOWED_PEERS" in row.error


def test_a_name_that_means_another_address_the_second_time_gains_nothing(
    make_deps: Callable[..., Deps], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what is judged is what is connected to, and a name is asked for once."""
    deps = make_deps(webhooks="on")
    port = int(receiver.url.split(":")[2].split("/")[0])
    answers = iter(["192.0.2.1", "127.0.0.1"])
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for _ in range(2):
        register_at(deps, f"http://rebind.example:{port}/told", "job.failed")
    ended(deps)
    assert deliver_due(deps) == 2
    assert asked == ["rebind.example"] * 2
    assert receiver.received == []
    assert {row.state for row in log_of(deps)} == {"pending"}


def dribble(asked: BaseHTTPRequestHandler) -> None:
    for letter in "HTTP/1.1 200 OK\r\nX-Slow: " + "a" * 100_000:
        asked.wfile.write(letter.encode())
        asked.wfile.flush()
        if threading.Event().wait(0.05):
            return


def test_a_peer_that_answers_letter_by_letter_holds_nobody_longer_than_is_allowed(
    make_deps: Callable[..., Deps], receiver: Receiver
) -> None:
    deps = make_deps(**LOOPBACK, webhook_seconds=0.3)
    register_at(deps, receiver.url, "job.failed")
    receiver.answer = dribble
    ended(deps)
    deliver_due(deps)
    (row,) = log_of(deps)
    assert (row.state, row.status, row.error) == ("pending", None, "no answer within 0.3 s")


def flood(asked: BaseHTTPRequestHandler) -> None:
    asked.send_response(200)
    asked.end_headers()
    while True:
        asked.wfile.write(b"x" * 65536)


def test_an_endless_answer_is_not_read_to_its_end(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url, "job.failed")
    receiver.answer = flood
    ended(telling)
    deliver_due(telling)
    (row,) = log_of(telling)
    assert (row.state, row.status) == ("delivered", 200)


def test_a_sender_that_is_killed_in_the_middle_leaves_it_to_be_told_again(telling: Deps, receiver: Receiver) -> None:
    """At least once: a real sweeper, killed while the receiver has not answered yet, and another after it."""
    secret = register_at(telling, receiver.url, "job.failed")
    may_answer = threading.Event()

    def late(asked: BaseHTTPRequestHandler) -> None:
        may_answer.wait(30)
        plain(asked, 200)

    receiver.answer = late
    id = ended(telling)
    rest = {name: value for name, value in os.environ.items() if not name.startswith("ADALINE_")}
    sweeper = subprocess.Popen(
        [sys.executable, "-m", "workers.sweeper"],
        env=telling.settings.to_environment(rest),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert receiver.arrived.acquire(timeout=60)
    finally:
        sweeper.send_signal(signal.SIGKILL)
        sweeper.wait()
    may_answer.set()
    (row,) = log_of(telling)
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.due_at is not None  # as soon as its sender counts as dead
    make_due(telling)
    assert deliver_due(telling) == 1
    assert eventually(lambda: len(receiver.received) == 2)
    told = [Webhook(secret).verify(body, headers) for headers, body in receiver.received]
    assert [one["data"]["id"] for one in told] == [id, id]
    assert log_of(telling)[0].state == "delivered"


def test_a_webhook_that_was_deleted_is_told_nothing_more(telling: Deps, receiver: Receiver) -> None:
    register_at(telling, receiver.url)
    ended(telling)
    with telling.database.write() as session:
        (row,) = webhooks.listing(session, "default", 10, None).data
        webhooks.remove(session, "default", row.id)
    assert deliver_due(telling) == 0
    assert log_of(telling) == []
