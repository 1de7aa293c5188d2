"""/v1/keys: a key is shown once, and what is asked for wrongly is told at its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.api.app import create_app
from service.usecases.keys import create_key
from service.wiring import Deps


@pytest.fixture
def client(deps: Deps) -> FlaskClient:
    """Who runs the server."""
    key = create_key(deps.database, "default", "operator", ["admin"]).text
    client = create_app(deps).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def test_a_key_is_shown_once(client: FlaskClient) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"name": "CI", "owner": "alice", "scopes": ["predict", "read"], "expires_at": until}
    made = client.post("/v1/keys", json=body)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/v1/keys/{made.json['id']}"
    assert made.headers["Cache-Control"] == "no-store"
    text = made.json.pop("key")
    assert made.json["scopes"] == ["read", "predict"]
    kept = client.get(f"/v1/keys/{made.json['id']}")
    assert kept.json == {name: value for name, value in made.json.items() if name != "key"}
    assert text.split("_")[2] not in kept.get_data(as_text=True) + client.get("/v1/keys").get_data(as_text=True)
    who = client.get("/v1/session", headers={"Authorization": f"Bearer {text}"}).json
    assert (who["owner"], who["scopes"]) == ("alice", ["read", "predict"])


def test_who_names_no_owner_makes_a_key_of_the_own_things(client: FlaskClient) -> None:
    assert client.post("/v1/keys", json={"name": "mine", "scopes": ["read"]}).json["owner"] == "default"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": ["read"]}, "/name"),
        ({"name": "a"}, "/scopes"),
        ({"name": "a", "scopes": "read"}, "/scopes"),
        ({"name": "a", "scopes": ["write"]}, "/scopes"),
        ({"name": "a", "scopes": ["read"], "owner": "A B"}, "/owner"),
        ({"name": "a", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "a", "scopes": ["read"], "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "a", "scopes": ["read"], "admin": True}, "/admin"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(client: FlaskClient, body: dict[str, Any], pointer: str) -> None:
    refused = client.post("/v1/keys", json=body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


def test_a_revoked_key_is_refused_by_the_next_request_and_stays_in_the_list(client: FlaskClient) -> None:
    made = client.post("/v1/keys", json={"name": "old", "scopes": ["read"]}).json
    theirs = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/v1/models", headers=theirs).status_code == 200
    assert client.delete(f"/v1/keys/{made['id']}").status_code == 204
    assert client.get("/v1/models", headers=theirs).json["code"] == "key_revoked"
    assert client.delete(f"/v1/keys/{made['id']}").status_code == 204
    listed = {one["id"]: one["revoked_at"] for one in client.get("/v1/keys").json["data"]}
    assert listed[made["id"]] is not None


def test_keys_are_listed_in_pages_and_by_owner(client: FlaskClient) -> None:
    for number in range(3):
        client.post("/v1/keys", json={"name": f"k{number}", "scopes": ["read"], "owner": "alice"})
    first = client.get("/v1/keys?owner=alice&limit=2").json
    rest = client.get(f"/v1/keys?owner=alice&limit=2&after={first['next']}").json
    assert [one["name"] for one in (*first["data"], *rest["data"])] == ["k2", "k1", "k0"]
    assert not rest["has_more"]
