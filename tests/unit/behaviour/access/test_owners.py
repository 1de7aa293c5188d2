"""Nobody finds out what another owner has: not by bytes, names, keys of requests, counts, or what is held in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from service.api.app import create_app
from service.api.context import of
from service.api.predictions.front import Front
from service.domain.access.owners import DEFAULT_OWNER
from service.usecases.keys import create_key, revoke_key
from service.wiring import Deps
from tests import samples

CSV = b"size,price\n1,2\n3,4\n"


class As:
    """Requests of one owner."""

    def __init__(self, app: Flask, deps: Deps, owner: str, *scopes: str) -> None:
        self.made = create_key(deps.database, owner, "test", scopes or ["train"])
        self.authorization = f"Bearer {self.made.text}"
        self.http = app.test_client(use_cookies=False)
        self.http.environ_base["HTTP_AUTHORIZATION"] = self.authorization


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def alice(app: Flask, deps: Deps) -> As:
    return As(app, deps, "alice")


@pytest.fixture
def bob(app: Flask, deps: Deps) -> As:
    return As(app, deps, "bob")


def upload(who: As, **headers: str) -> Any:
    return who.http.post("/v1/datasets?name=d", data=CSV, content_type="text/csv", headers=headers)


def test_the_same_bytes_are_new_to_each_owner(alice: As, bob: As) -> None:
    first, other, again = upload(alice), upload(bob), upload(alice)
    assert [first.status_code, other.status_code, again.status_code] == [202, 202, 200]
    assert again.json["id"] == first.json["id"] != other.json["id"]
    told = [{**answer.json, "id": "", "created_at": ""} for answer in (first, other)]
    assert told[0] == told[1]
    assert other.headers["Location"] == f"/v1/datasets/{other.json['id']}"


def test_an_idempotency_key_is_each_owner_s_own(alice: As, bob: As) -> None:
    key = {"Idempotency-Key": "once"}
    first, other = upload(alice, **key), upload(bob, **key)
    assert first.json["id"] != other.json["id"]
    assert upload(alice, **key).json["id"] == first.json["id"]


def test_what_one_owner_deletes_the_other_keeps(alice: As, bob: As) -> None:
    ids = {who: upload(who).json["id"] for who in (alice, bob)}
    assert alice.http.delete(f"/v1/datasets/{ids[alice]}").status_code == 204
    assert bob.http.get(f"/v1/datasets/{ids[bob]}/content").get_data() == CSV
    assert bob.http.get(f"/v1/datasets/{ids[alice]}/content").status_code == 404


def test_the_only_model_is_the_owner_s_only_one(deps: Deps, alice: As, bob: As) -> None:
    for name in ("one", "two"):
        samples.publish(deps, samples.price_predictor(), name, owner="bob")
    body = {"dataframe_split": {"columns": ["size", "colour", "sold"], "data": [[1, "red", False]]}}
    refused = alice.http.post("/invocations", json=body)
    assert (refused.status_code, "there is no model yet" in refused.json["message"]) == (404, True)
    samples.publish(deps, samples.price_predictor(), "mine", owner="alice")
    assert alice.http.post("/invocations", json=body).status_code == 200


def test_metadata_finds_the_own_alone(deps: Deps, alice: As, bob: As) -> None:
    samples.job(deps, owner="bob", spec={"metadata": {"stage": "live"}})
    assert alice.http.get("/v1/jobs?metadata.stage=live").json["data"] == []
    assert len(bob.http.get("/v1/jobs?metadata.stage=live").json["data"]) == 1


def test_a_model_in_memory_is_answered_to_its_owner_alone(app: Flask, deps: Deps, alice: As, bob: As) -> None:
    """The front, which no view stands before."""
    here = of(app)
    here.models._followed = here.keys._followed = True
    samples.publish(deps, samples.price_predictor(), "houses", owner="alice")
    here.models.find("alice", "houses")
    handed_on: list[str] = []
    flask = app.wsgi_app

    def watch(environ: dict[str, Any], start: Any) -> Any:
        handed_on.append(environ["PATH_INFO"])
        return flask(environ, start)

    app.wsgi_app = watch  # type: ignore[method-assign]
    front = Front(app, here.models, here.keys, here.rates)
    reader = As(app, deps, "alice", "read")
    for who, status, is_handed_on in ((alice, 200, False), (bob, 404, True), (reader, 403, True), (None, 401, True)):
        handed_on.clear()
        assert _predicted(front, who) == status
        assert bool(handed_on) is is_handed_on
    revoke_key(deps.database, None, alice.made.row.id)
    here.keys.refresh()
    assert _predicted(front, alice) == 401


def _predicted(front: Front, who: As | None) -> int:
    body = json.dumps({"records": [{"size": 1, "colour": "red", "sold": False}]}).encode()
    told: list[str] = []

    def start(status: str, *_: Any) -> None:
        told.append(status)

    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/v1/models/houses/predict", "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)), **({} if who is None else {"HTTP_AUTHORIZATION": who.authorization}),
    }  # fmt: skip
    b"".join(front(environ, start))
    return int(told[0].split()[0])


def test_a_stream_ends_when_its_key_is_revoked(deps: Deps, alice: As) -> None:
    id = samples.job(deps, owner="alice", state="running").id
    answer = alice.http.get(f"/v1/jobs/{id}/events", headers={"Accept": "text/event-stream"}, buffered=False)
    assert answer.status_code == 200
    lines: Iterator[bytes] = iter(answer.response)  # type: ignore[arg-type]  # of bytes
    assert next(lines).startswith(b"retry")
    revoke_key(deps.database, None, alice.made.row.id)
    deps.changes.publish(id)
    assert list(lines) == []
    answer.close()


def test_what_was_there_before_keys_is_the_default_owner_s(app: Flask, deps: Deps, alice: As) -> None:
    id = samples.dataset(deps).id
    assert alice.http.get(f"/v1/datasets/{id}").status_code == 404
    assert As(app, deps, DEFAULT_OWNER).http.get(f"/v1/datasets/{id}").status_code == 200


def test_a_batch_prediction_with_a_shared_model_is_the_job_of_who_asks(deps: Deps, alice: As, bob: As) -> None:
    samples.publish(deps, samples.price_predictor(), "houses", owner="alice")
    assert alice.http.put("/v1/models/houses/shares/bob").status_code == 200
    columns = [one for one in samples.COLUMNS if one["name"] in ("size", "colour")]
    columns += [{"name": "sold", "kind": "boolean", "nulls": 0, "distinct": 2}]
    dataset = samples.dataset(deps, owner="bob", columns=columns).id
    job = bob.http.post("/v1/batch-predictions", json={"model": "alice/houses", "dataset": dataset})
    assert job.status_code == 202, job.json
    assert job.json["model"] == {"name": "alice/houses", "version": 1}
    assert job.json["spec"]["model"] == "alice/houses:1"
    assert alice.http.get(f"/v1/jobs/{job.json['id']}").status_code == 404


@pytest.mark.parametrize("grantee", ["Bob", "a b", "alice", "x" * 65])
def test_a_model_is_shared_with_an_owner_and_not_with_oneself(deps: Deps, alice: As, grantee: str) -> None:
    samples.publish(deps, samples.price_predictor(), "houses", owner="alice")
    refused = alice.http.put(f"/v1/models/houses/shares/{grantee}")
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/grantee")


def test_nobody_learns_whom_there_is_by_sharing(deps: Deps, alice: As, bob: As) -> None:
    samples.publish(deps, samples.price_predictor(), "houses", owner="alice")
    there, absent = (alice.http.put(f"/v1/models/houses/shares/{name}") for name in ("bob", "nobody"))
    assert [{**answer.json, "grantee": "", "created_at": ""} for answer in (there, absent)] == [
        {"model": "alice/houses", "owner": "alice", "grantee": "", "created_at": ""}
    ] * 2
