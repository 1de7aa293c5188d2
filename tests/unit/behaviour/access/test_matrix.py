"""Every route × key × whose things: what SECURITY.md says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.api.admission.admit import check_rules
from service.api.admission.rules import NOBODYS, OWN, SHARED
from service.api.app import bare_app
from service.api.blueprints import Blueprint
from service.domain.access.scopes import SCOPES, opened_by
from service.settings import Settings
from service.wiring import wire
from tests import routes
from tests.routes import Route
from tests.unit.behaviour.access.world import ALICE, ASKS, BOB, World, path_of, text_of

APP, _ = bare_app()
TOLD = {(route.method, route.path): route for route in routes.in_text(routes.FILE.read_text())}
ROUTES = [(view, TOLD[route.method, route.path]) for view, route in routes.of_app(APP) if
          (route.method, route.path) in TOLD]  # fmt: skip
KEYED = [
    pytest.param(view, route, id=f"{route.method} {route.path}") for view, route in ROUTES if route.scope != "none"
]
EACH = [pytest.param(view, route, id=f"{route.method} {route.path}") for view, route in ROUTES]

MAKES = ("upload_dataset", "create_webhook")  # something of one's own
OWNED = [one for one in EACH if one.values[1].whose in (OWN, SHARED)]


def is_about_a_model(view: str, route: Route) -> bool:
    named = "{name}" in route.path or "{ref}" in route.path
    return named or view in ("predict", "invoke", "submit_batch_prediction")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, valkey_url: str, empty_database: Path) -> Iterator[World]:
    data = tmp_path_factory.mktemp("access")
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    deps = wire(Settings(data=data, broker_url=valkey_url, webhooks="on"))
    yield World(deps)
    deps.close()


def opens(scope: str, route: Route) -> bool:
    return route.scope in ("none", "any") or route.scope in opened_by([scope])


def test_security_md_has_the_routes_of_the_app() -> None:
    text = routes.FILE.read_text()
    assert routes.with_table(text, APP) == text, "run `make openapi`"


def test_a_view_without_a_rule_cannot_be_registered() -> None:
    blueprint = Blueprint("new", __name__)
    with pytest.raises(LookupError, match="'forgotten' has no rule"):

        @blueprint.route("/new")
        def forgotten() -> str:
            return ""

    app, _ = bare_app()
    app.add_url_rule("/new", "forgotten", lambda: "")
    with pytest.raises(LookupError, match="'forgotten' has no rule"):
        check_rules(app)


def test_each_view_is_asked_here() -> None:
    assert {view for view, _ in routes.of_app(APP)} == set(ASKS)


@pytest.mark.parametrize(("view", "route"), KEYED)
def test_who_has_no_good_key_is_not_answered(world: World, view: str, route: Route) -> None:
    ask = ASKS[view](world, BOB)
    for what, authorization in world.refused.items():
        answer = world.send(authorization, route.method, path_of(route.path, ask), **ask.sent)
        assert answer.status_code == 401, (what, answer.get_data(as_text=True))
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="adaline"')
        assert answer.json["code"] == {
            "none": "key_missing", "expired": "key_expired", "revoked": "key_revoked",
        }.get(what, "key_invalid")  # fmt: skip


@pytest.mark.parametrize(("view", "route"), EACH)
def test_a_key_opens_what_its_scope_says(world: World, view: str, route: Route) -> None:
    for scope in SCOPES:
        ask = ASKS[view](world, BOB)
        answer = world.send(f"Bearer {world.keys[scope]}", route.method, path_of(route.path, ask), **ask.sent)
        if opens(scope, route):
            assert answer.status_code < 400, (scope, answer.get_data(as_text=True))
        else:
            assert answer.status_code == 403, (scope, answer.get_data(as_text=True))
            assert answer.json["code"] == "scope_missing"
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("view", "route"), [one for one in OWNED if one.values[0] not in MAKES])
def test_what_is_another_s_is_as_if_it_were_not_there(world: World, view: str, route: Route) -> None:
    key, absent = f"Bearer {world.key(BOB, 'train')}", ASKS[view](world, ALICE)
    path = path_of(route.path, absent)
    answer = world.send(key, route.method, path, **absent.sent)
    if not absent.places and not absent.sent:  # a list, or who asks: the other's things are not among it
        assert ALICE not in answer.get_data(as_text=True)
        return
    assert answer.status_code == 404 or (answer.status_code == 422 and "json" in absent.sent)
    _forget(world, ALICE)
    assert text_of(world.send(key, route.method, path, **absent.sent)) == text_of(answer)


@pytest.mark.parametrize(("view", "route"), [one for one in OWNED if is_about_a_model(*one.values)])
def test_a_shared_model_is_predicted_with_and_nothing_else(world: World, view: str, route: Route) -> None:
    ask = ASKS[view](world, ALICE)
    name = ask.places.get("name") or ask.places.get("ref") or (ask.sent.get("json") or {}).get("model")
    name = name or (ask.sent.get("headers") or {}).get("X-Adaline-Model")
    key = f"Bearer {world.key(BOB, 'train')}"
    if view != "delete_model":
        assert world.ask(ALICE, "PUT", f"/v1/models/{name}/shares/{BOB}").status_code == 200
    path = path_of(route.path, ask)
    assert world.send(key, route.method, path, **ask.sent).status_code in (404, 422)  # by its name alone
    called = f"{ALICE}/{name}"
    sent = {**ask.sent}
    if "model" in (sent.get("json") or {}):
        sent["json"] = {**sent["json"], "model": called}
        if view == "submit_batch_prediction":
            sent["json"]["dataset"] = ASKS[view](world, BOB).sent["json"]["dataset"]
    if "headers" in sent:
        sent["headers"] = {"X-Adaline-Model": called}
    answer = world.send(key, route.method, path.replace(name, called), **sent)
    if route.whose == SHARED:
        assert answer.status_code < 400, answer.get_data(as_text=True)
        world.ask(ALICE, "DELETE", f"/v1/models/{name}/shares/{BOB}")
        assert world.send(key, route.method, path.replace(name, called), **sent).status_code in (404, 422)
    else:
        assert answer.status_code in (404, 405), answer.get_data(as_text=True)


def test_only_what_is_nobody_s_needs_no_key() -> None:
    assert all((route.scope == "none") == (route.whose == NOBODYS) for _, route in ROUTES)


def _forget(world: World, owner: str) -> None:
    with world.deps.database.write() as session:
        for table in ("shares", "aliases", "versions", "models", "jobs", "datasets"):
            session.execute(text(f"DELETE FROM {table} WHERE owner = :owner"), {"owner": owner})
