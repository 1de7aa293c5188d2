"""Pages sign in with a key, and are known by a cookie that no other page and no script can use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from service.api.app import create_app
from service.api.http import sessions
from service.api.http.sessions import COOKIE, Sessions
from service.errors import SessionInvalid
from service.store.access.secrets import shared_secret
from service.usecases.keys import CreatedKey, create_key, revoke_key
from service.wiring import Deps


@pytest.fixture
def made(deps: Deps) -> CreatedKey:
    return create_key(deps.database, "alice", "page", ["train"])


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def page(app: Flask) -> Client:
    """A browser: it keeps cookies."""
    return app.test_client()


def sign_in(page: Client, made: CreatedKey, **headers: str) -> TestResponse:
    return page.post("/v1/session", json={"key": made.text}, headers=headers)


def test_a_session_sees_what_its_key_sees(page: Client, made: CreatedKey) -> None:
    assert page.get("/v1/models").status_code == 401
    told = sign_in(page, made).json
    assert (told["owner"], told["key"], told["scopes"]) == ("alice", made.row.id, ["read", "predict", "train"])
    assert page.get("/v1/models").status_code == 200
    assert page.get("/v1/session").json == told  # a page that is loaded anew has the token again


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(page: Client, made: CreatedKey) -> None:
    answer = sign_in(page, made)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert made.text.split("_")[2] not in cookie
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Forwarded-Proto": "http"}, False),
        ({"Origin": "https://localhost"}, True),
    ],
)
def test_the_cookie_is_kept_to_tls_where_the_page_came_by_it(
    page: Client, made: CreatedKey, headers: dict[str, str], secure: bool
) -> None:
    (cookie,) = sign_in(page, made, **headers).headers.getlist("Set-Cookie")
    assert ("Secure" in cookie.split("; ")) is secure


@pytest.mark.parametrize("token", [None, "", "guess", "é"])
def test_what_changes_something_needs_the_token(page: Client, made: CreatedKey, token: str | None) -> None:
    right = sign_in(page, made).json["csrf_token"]
    asked = {"data": b"a,b\n1,2\n", "content_type": "text/csv"}
    refused = page.post("/v1/datasets", headers={} if token is None else {"X-CSRF-Token": token}, **asked)
    assert (refused.status_code, refused.json["code"]) == (403, "csrf_token_invalid")
    assert page.get("/v1/datasets").json["data"] == []
    assert page.post("/v1/datasets", headers={"X-CSRF-Token": right}, **asked).status_code == 202


def test_the_token_of_another_session_is_none(app: Flask, deps: Deps, made: CreatedKey) -> None:
    other = sign_in(app.test_client(), create_key(deps.database, "bob", "page", ["train"])).json["csrf_token"]
    page = app.test_client()
    sign_in(page, made)
    assert page.delete("/v1/models/none", headers={"X-CSRF-Token": other}).status_code == 403


def test_a_key_needs_no_token(app: Flask, made: CreatedKey) -> None:
    asked = {"headers": {"Authorization": f"Bearer {made.text}"}, "content_type": "text/csv", "data": b"a\n1\n"}
    assert app.test_client().post("/v1/datasets", **asked).status_code == 202


def test_a_bad_key_is_not_mended_by_a_session(page: Client, made: CreatedKey) -> None:
    sign_in(page, made)
    assert page.get("/v1/models", headers={"Authorization": "Bearer adl_x"}).status_code == 401


def test_signing_out_forgets_the_cookie(page: Client, made: CreatedKey) -> None:
    token = sign_in(page, made).json["csrf_token"]
    assert page.delete("/v1/session").status_code == 403
    assert page.delete("/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
    assert page.get_cookie(COOKIE) is None
    assert page.get("/v1/session").status_code == 401


def test_a_session_ends_with_its_key(page: Client, deps: Deps, made: CreatedKey) -> None:
    sign_in(page, made)
    revoke_key(deps.database, None, made.row.id)
    refused = page.get("/v1/models")
    assert (refused.status_code, refused.json["code"]) == (401, "key_revoked")


@pytest.mark.parametrize(
    "change", [lambda text: text[:-2] + "xx", lambda text: "x" + text, lambda _: "", lambda _: "."]
)
def test_a_cookie_that_was_not_made_here_is_none(page: Client, made: CreatedKey, change: Callable[[str], str]) -> None:
    sign_in(page, made)
    kept = page.get_cookie(COOKIE)
    assert kept is not None
    page.set_cookie(COOKIE, change(kept.value))
    refused = page.get("/v1/models")
    assert (refused.status_code, refused.json["code"]) == (401, "session_invalid")


def test_a_session_ends_after_its_time(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Sessions(deps.database).start("some-key")
    assert Sessions(deps.database).read(made.cookie).key == "some-key"  # any process of this installation reads it
    monkeypatch.setattr(sessions, "SESSION_SECONDS", -1)
    with pytest.raises(SessionInvalid):
        Sessions(deps.database).read(made.cookie)


@pytest.mark.parametrize("key", ["", "adl_x", "adl_0000000000000000_" + "0" * 43])
def test_who_has_no_key_does_not_get_in(page: Client, made: CreatedKey, key: str) -> None:
    refused = page.post("/v1/session", json={"key": key})
    assert (refused.status_code, refused.json["code"]) == (401, "key_invalid")
    assert page.get_cookie(COOKIE) is None


def test_the_secret_is_made_once_and_is_no_part_of_the_code(deps: Deps, make_deps: Callable[..., Deps]) -> None:
    secret = shared_secret(deps.database, "a")
    assert shared_secret(make_deps().database, "a") == secret
    assert len(bytes.fromhex(secret)) == 32
    assert shared_secret(deps.database, "b") != secret
