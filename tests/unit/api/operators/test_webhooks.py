"""Webhooks over HTTP: registered, listed, deleted, and what they were told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from service.api.app import create_app
from service.store import jobs
from service.store.session import now
from service.wiring import Deps
from tests import samples

URL = "https://example.com/adaline"


@pytest.fixture
def telling(make_deps: Callable[..., Deps]) -> Deps:
    return make_deps(webhooks="on")


@pytest.fixture
def client(telling: Deps) -> FlaskClient:
    return create_app(telling).test_client()


def test_a_webhook_shows_its_secret_once(client: FlaskClient) -> None:
    made = client.post("/v1/webhooks", json={"url": URL, "events": ["job.failed"]})
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    assert made.headers["Cache-Control"] == "no-store"
    shown = client.get(made.headers["Location"]).json
    assert shown == {name: value for name, value in made.json.items() if name != "secret"}
    assert client.get("/v1/webhooks").json["data"] == [shown]
    assert client.delete(made.headers["Location"]).status_code == 204
    gone = client.get(made.headers["Location"])
    assert (gone.status_code, gone.json["code"]) == (404, "webhook_not_found")


def test_without_events_it_is_told_everything(client: FlaskClient) -> None:
    assert client.post("/v1/webhooks", json={"url": URL}).json["events"] == [
        "job.succeeded", "job.failed", "job.cancelled", "version.published",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"url": "example.com"}, "/url", "is no address to post to"),
        ({"url": "ftp://example.com/"}, "/url", "is no address to post to"),
        ({"url": "https://user:secret@example.com/"}, "/url", "leave them out"),
        ({"url": "https://example.com/#there"}, "/url", "never sent"),
        ({"url": "https://example.com:0/"}, "/url", "is no address"),
        ({"url": URL, "events": ["job.failed", "job.paused"]}, "/events/1", "use one of: job.succeeded"),
    ],
)
def test_what_cannot_be_told_is_pointed_at(client: FlaskClient, body: object, pointer: str, says: str) -> None:
    answer = client.post("/v1/webhooks", json=body)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]


def test_the_deliveries_of_a_webhook_and_about_a_job_are_listed(client: FlaskClient, telling: Deps) -> None:
    hook = client.post("/v1/webhooks", json={"url": URL}).json["id"]
    id = samples.job(telling, state="running").id
    with telling.database.write() as session:
        jobs.move(session, id, "failed", finished_at=now())
    of_hook = client.get(f"/v1/webhooks/{hook}/deliveries").json["data"]
    assert client.get(f"/v1/jobs/{id}/deliveries").json["data"] == of_hook
    (one,) = of_hook
    assert (one["webhook"], one["job"], one["type"], one["state"], one["attempts"]) == (
        hook, id, "job.failed", "pending", 0,
    )  # fmt: skip
    assert one["body"]["data"]["id"] == id
    assert one["next_attempt_at"] is not None
    assert client.get("/v1/jobs/job_nobody/deliveries").status_code == 404
    assert client.get("/v1/webhooks/wh_nobody/deliveries").status_code == 404


def test_a_server_without_webhooks_says_how_to_turn_them_on(make_deps: Callable[..., Deps]) -> None:
    answer = create_app(make_deps()).test_client().post("/v1/webhooks", json={"url": URL})
    assert (answer.status_code, answer.json["code"]) == (409, "webhooks_disabled")
    assert "ADALINE_WEBHOOKS=on" in answer.json["detail"]


def test_an_owner_has_only_so_many(client: FlaskClient) -> None:
    for _ in range(20):
        assert client.post("/v1/webhooks", json={"url": URL}).status_code == 201
    answer = client.post("/v1/webhooks", json={"url": URL})
    assert (answer.status_code, answer.json["code"]) == (429, "quota_exceeded")
    assert "Retry-After" not in answer.headers  # waiting would not help
