from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.api import streams
from service.store import jobs
from service.wiring import Deps
from tests import samples

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def told_job(deps: Deps) -> str:
    """A job with four events, the last one its end."""
    id = samples.job(deps).id
    with deps.database.write() as session:
        jobs.append_event(session, id, "state", {"state": "queued"})
        jobs.move(session, id, "running")
        jobs.append_event(session, id, "epoch", {"epoch": 1, "train_loss": 0.5})
        jobs.move(session, id, "succeeded")
    return id


def frames(body: bytes) -> list[dict[str, str]]:
    """The events of a stream, as a browser reads them."""
    read = [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith((":", "retry")))
        for block in body.decode().split("\n\n")
    ]
    return [frame for frame in read if frame]


def test_events_are_listed_after_the_last_one_known(client: FlaskClient, told_job: str) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events?after=2").json
    assert [(event["seq"], event["type"], event["data"]) for event in answer["data"]] == [
        (3, "epoch", {"epoch": 1, "train_loss": 0.5}),
        (4, "state", {"state": "succeeded"}),
    ]
    assert (answer["next"], answer["is_terminal"]) == (4, True)
    end = client.get(f"/v1/jobs/{told_job}/events?after=4&wait=20").json
    assert end == {"data": [], "next": 4, "is_terminal": True}


def test_job_with_more_events_than_one_answer_holds_is_not_over(
    client: FlaskClient, told_job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST", 3)
    first = client.get(f"/v1/jobs/{told_job}/events").json
    assert (len(first["data"]), first["next"], first["is_terminal"]) == (3, 3, False)
    assert client.get(f"/v1/jobs/{told_job}/events?after=3").json["is_terminal"] is True


def test_long_poll_ends_with_the_next_event(client: FlaskClient, deps: Deps) -> None:
    id = samples.job(deps).id

    def later() -> None:
        time.sleep(0.3)
        with deps.database.write() as session:
            jobs.move(session, id, "running")
        deps.changes.publish(id)

    worker = threading.Thread(target=later)
    worker.start()
    began = time.monotonic()
    answer = client.get(f"/v1/jobs/{id}/events?wait=20").json
    worker.join()
    assert time.monotonic() - began > 0.2
    assert [event["data"] for event in answer["data"]] == [{"state": "running"}]
    assert answer["is_terminal"] is False


def test_long_poll_in_vain_is_empty(client: FlaskClient, deps: Deps) -> None:
    id = samples.job(deps).id
    assert client.get(f"/v1/jobs/{id}/events?after=7&wait=0.2").json == {"data": [], "next": 7, "is_terminal": False}


def test_stream_tells_each_event_and_ends(client: FlaskClient, told_job: str) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events", headers=STREAM)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    read = frames(answer.data)
    assert [(frame["id"], frame["event"]) for frame in read] == [
        ("1", "state"), ("2", "state"), ("3", "epoch"), ("4", "state"),
    ]  # fmt: skip
    assert json.loads(read[2]["data"])["data"] == {"epoch": 1, "train_loss": 0.5}


@pytest.mark.parametrize("query", ["", "?after=0"])
def test_stream_goes_on_after_the_last_event_id(client: FlaskClient, told_job: str, query: str) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events{query}", headers={**STREAM, "Last-Event-ID": "3"})
    assert [frame["id"] for frame in frames(answer.data)] == ["4"]


@pytest.mark.parametrize(("query", "headers"), [("", {"Last-Event-ID": "4"}), ("?after=4", {})])
def test_stream_of_an_ended_job_that_is_all_known_is_refused_for_good(
    client: FlaskClient, told_job: str, query: str, headers: dict[str, str]
) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events{query}", headers={**STREAM, **headers})
    assert (answer.status_code, answer.data) == (204, b"")
    assert client.get(f"/v1/jobs/{told_job}/events?after=4").status_code == 200  # those who poll read a document


def test_stream_ends_with_the_job_that_is_deleted_under_it(client: FlaskClient, deps: Deps, told_job: str) -> None:
    pieces = client.get(f"/v1/jobs/{told_job}/events", headers=STREAM).iter_encoded()
    next(pieces)
    assert client.delete(f"/v1/jobs/{told_job}").status_code == 204
    assert list(pieces) == []


def test_wrong_last_event_id_is_refused(client: FlaskClient, told_job: str) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events", headers={**STREAM, "Last-Event-ID": "x"})
    assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid")


def test_silent_stream_beats(client: FlaskClient, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    id = samples.job(deps).id
    answer = client.get(f"/v1/jobs/{id}/events", headers=STREAM)
    pieces = answer.iter_encoded()
    assert [next(pieces) for _ in range(3)][1:] == [b": still here\n\n"] * 2
    answer.close()


def test_streams_past_the_cap_are_refused(limited: Callable[..., FlaskClient], deps: Deps) -> None:
    client = limited(waiting_requests=1)
    id = samples.job(deps).id
    first = client.get(f"/v1/jobs/{id}/events", headers=STREAM)
    refused = client.get(f"/v1/jobs/{id}/events", headers=STREAM)
    assert (refused.status_code, refused.json["code"]) == (503, "too_many_streams")
    assert refused.headers["Retry-After"] == "1"
    assert client.get(f"/v1/jobs/{id}/events?wait=20").status_code == 200  # at once
    first.close()
    again = client.get(f"/v1/jobs/{id}/events", headers=STREAM)
    assert again.status_code == 200
    again.close()


def test_stream_ends_when_the_process_does(client: FlaskClient, deps: Deps) -> None:
    id = samples.job(deps).id
    pieces = client.get(f"/v1/jobs/{id}/events", headers=STREAM).iter_encoded()
    next(pieces)
    ending = threading.Timer(0.2, deps.changes.close)
    ending.start()
    rest: list[Any] = list(pieces)  # it would go on for ever
    ending.join()  # or the fixture would close beside it what it is closing
    assert all(piece.startswith(b":") for piece in rest)


def test_browser_without_a_wish_gets_json(client: FlaskClient, told_job: str) -> None:
    answer = client.get(f"/v1/jobs/{told_job}/events", headers={"Accept": "text/html,*/*"})
    assert answer.mimetype == "application/json"
