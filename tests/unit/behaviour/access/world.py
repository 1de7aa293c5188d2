"""Two owners with things of their own, their keys, and one request for each view."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from service.api.app import create_app
from service.domain.access.keys import new_key
from service.domain.access.scopes import SCOPES
from service.store.tables import KeyRow
from service.usecases.keys import create_key, revoke_key
from service.usecases.steering.webhooks import register
from service.wiring import Deps
from tests import samples

BOB, ALICE = "bob", "alice"
ROWS = {"records": [{"size": 1, "colour": "red", "sold": False}]}
TENSORS = {
    "inputs": [
        {"name": "size", "datatype": "FP64", "shape": [1], "data": [1.0]},
        {"name": "colour", "datatype": "BYTES", "shape": [1], "data": ["red"]},
        {"name": "sold", "datatype": "BOOL", "shape": [1], "data": [False]},
    ]
}
SPLIT = {"dataframe_split": {"columns": ["size", "colour", "sold"], "data": [[1, "red", False]]}}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to a view: what stands in its path, and what goes with it."""

    places: Mapping[str, Any]
    sent: Mapping[str, Any]


class World:
    """An app with both owners' keys: by scope, and bad ones by what is wrong with them."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.app: Flask = create_app(deps)
        self._numbers = count(1)
        self.keys = {scope: self.key(BOB, scope) for scope in SCOPES}
        expired, revoked = self.key(BOB, "admin"), self.key(BOB, "admin")
        past = datetime.now(UTC) - timedelta(seconds=1)
        with deps.database.write() as session:
            session.execute(update(KeyRow).where(KeyRow.id == expired.split("_")[1]).values(expires_at=past))
        revoke_key(deps.database, None, revoked.split("_")[1])
        there = self.keys["admin"].split("_")
        self.refused: dict[str, str | None] = {
            "none": None,
            "no key": "Bearer hello",
            "another scheme": f"Basic {self.keys['admin']}",
            "unknown": f"Bearer {new_key('0' * 16).text}",
            "another secret": f"Bearer {new_key(there[1]).text}",
            "expired": f"Bearer {expired}",
            "revoked": f"Bearer {revoked}",
        }

    def key(self, owner: str, *scopes: str) -> str:
        """The text of a new key."""
        return create_key(self.deps.database, owner, "test", scopes).text

    def dataset(self, owner: str, **values: Any) -> str:
        return samples.dataset(self.deps, owner=owner, **values).id

    def job(self, owner: str, **values: Any) -> str:
        return samples.job(self.deps, owner=owner, **values).id

    def model(self, owner: str) -> str:
        """A new model with two versions, and the alias `live` of the first."""
        name = f"m{next(self._numbers)}"
        for _ in range(2):
            samples.publish(self.deps, samples.price_predictor(), name, owner=owner)
        self.ask(owner, "PUT", f"/v1/models/{name}/aliases/live", json={"version": 1})
        return name

    def ask(self, owner: str, method: str, path: str, **sent: Any) -> TestResponse:
        """Ask as an owner who may do all."""
        return self.send(f"Bearer {self.key(owner, 'admin')}", method, path, **sent)

    def send(self, authorization: str | None, method: str, path: str, **sent: Any) -> TestResponse:
        headers = {**sent.pop("headers", {}), **({"Authorization": authorization} if authorization else {})}
        with self.app.test_client(use_cookies=False) as client:
            return client.open(path, method=method, headers=headers, buffered=True, **sent)


def about_dataset(**sent: Any) -> Callable[[World, str], Ask]:
    return lambda world, owner: Ask({"id": world.dataset(owner)}, sent)


def about_job(state: str, **sent: Any) -> Callable[[World, str], Ask]:
    return lambda world, owner: Ask({"id": world.job(owner, state=state)}, sent)


def about_model(name: str = "name", more: Mapping[str, Any] | None = None, **sent: Any) -> Callable[[World, str], Ask]:
    return lambda world, owner: Ask({name: world.model(owner), **(more or {})}, sent)


def _result(world: World, owner: str) -> Ask:
    name = world.model(owner)
    return Ask({"id": world.job(owner, state="succeeded", model_name=name, model_version=1)}, {})


def _empty_model(world: World, owner: str) -> Ask:
    name = world.model(owner)
    world.ask(owner, "DELETE", f"/v1/models/{name}/aliases/live")
    for number in (1, 2):
        world.ask(owner, "DELETE", f"/v1/models/{name}/versions/{number}")
    return Ask({"name": name}, {})


def _shared(world: World, owner: str) -> Ask:
    name = world.model(owner)
    world.ask(owner, "PUT", f"/v1/models/{name}/shares/carol")
    return Ask({"name": name, "grantee": "carol"}, {})


def _batch(world: World, owner: str) -> Ask:
    body = {"model": world.model(owner), "dataset": world.dataset(owner, columns=BATCH_COLUMNS)}
    return Ask({}, {"json": body})


BATCH_COLUMNS = [
    *(column for column in samples.COLUMNS if column["name"] in ("size", "colour")),
    {"name": "sold", "kind": "boolean", "nulls": 0, "distinct": 2},
]
SPEC = {"model": "new", "target": "price", "features": ["size", "colour"]}
ANY = {"more": {"version": 1}}
ALIAS = {"more": {"alias": "live"}}
NOTHING: Callable[[World, str], Ask] = lambda world, owner: Ask({}, {})  # noqa: E731 (as those beside it)
CSV = b"size,price\n1,2\n3,4\n"


def _spec(world: World, owner: str) -> Ask:
    return Ask({}, {"json": {**SPEC, "dataset": world.dataset(owner)}})


def _key(world: World, owner: str) -> Ask:
    return Ask({"id": world.key(owner, "read").split("_")[1]}, {})


def _owner(world: World, owner: str) -> Ask:
    """Somebody new: nobody else's keys end with what is deleted."""
    name = f"{owner}-{next(world._numbers)}"
    world.key(name, "read")
    return Ask({"id": name}, {})


def _webhook(world: World, owner: str) -> Ask:
    row = register(world.deps.database, world.deps.settings, owner, "https://example.com/", ())
    return Ask({"id": row.id}, {})


def _invoke(world: World, owner: str) -> Ask:
    return Ask({}, {"json": SPLIT, "headers": {"X-Adaline-Model": world.model(owner)}})


def _predict(world: World, owner: str) -> Ask:
    return Ask({}, {"json": {**ROWS, "model": world.model(owner)}})


ASKS: Mapping[str, Callable[[World, str], Ask]] = {
    "upload_dataset": lambda world, owner: Ask({}, {"data": CSV, "content_type": "text/csv"}),
    "list_datasets": NOTHING,
    "get_dataset": about_dataset(),
    "get_profile": about_dataset(),
    "list_rows": about_dataset(),
    "get_rejects": about_dataset(),
    "get_content": about_dataset(),
    "delete_dataset": about_dataset(),
    "validate_job": _spec,
    "submit_job": _spec,
    "list_jobs": NOTHING,
    "get_job": about_job("queued"),
    "list_events": about_job("failed"),
    "get_result": _result,
    "cancel_job": about_job("queued"),
    "delete_job": about_job("failed"),
    "pause_job": about_job("queued"),
    "resume_job": about_job("paused"),
    "list_job_deliveries": about_job("failed"),
    "create_webhook": lambda world, owner: Ask({}, {"json": {"url": "https://example.com/"}}),
    "list_webhooks": NOTHING,
    "get_webhook": _webhook,
    "delete_webhook": _webhook,
    "list_webhook_deliveries": _webhook,
    **dict.fromkeys(("list_workers", "get_usage", "list_usage", "get_status", "get_metrics"), NOTHING),
    "list_owners": NOTHING,
    "get_owner": _owner,
    "delete_owner": _owner,
    "put_owner_limits": lambda world, owner: Ask({"id": _owner(world, owner).places["id"]}, {"json": {"rows": 9}}),
    "put_key_limits": lambda world, owner: Ask({"id": _key(world, owner).places["id"]}, {"json": {"rows": 9}}),
    "list_models": NOTHING,
    "get_model": about_model(),
    "list_versions": about_model(),
    "get_version": about_model(**ANY),
    "get_report": about_model(**ANY),
    "get_file": about_model(more={"version": 1, "file": "report.json"}),
    "compare_versions": about_model(query_string={"a": "1", "b": "2"}),
    "get_alias": about_model(**ALIAS),
    "put_alias": about_model(more={"alias": "next"}, json={"version": 2}),
    "delete_alias": about_model(**ALIAS),
    "patch_version": about_model(more={"version": 2}, json={"metadata": {"note": "seen"}}),
    "delete_version": about_model(more={"version": 2}),
    "delete_model": _empty_model,
    "list_shares": about_model(),
    "put_share": about_model(more={"grantee": "carol"}),
    "delete_share": _shared,
    "list_shared_models": NOTHING,
    "predict": _predict,
    "predict_with_model": about_model("ref", json=ROWS),
    "submit_batch_prediction": _batch,
    "v2_model": about_model(),
    "v2_version": about_model(**ANY),
    "v2_model_ready": about_model(),
    "v2_version_ready": about_model(**ANY),
    "v2_infer": about_model(json=TENSORS),
    "v2_infer_version": about_model(json=TENSORS, **ANY),
    "invoke": _invoke,
    "invoke_model": about_model("ref", json=SPLIT),
    "create_key": lambda world, owner: Ask({}, {"json": {"name": "k", "scopes": ["read"], "owner": owner}}),
    "list_keys": NOTHING,
    "get_key": _key,
    "revoke_key": _key,
    "get_session": NOTHING,
    "sign_out": NOTHING,
    "sign_in": lambda world, owner: Ask({}, {"json": {"key": world.key(owner, "read")}}),
    **dict.fromkeys(("is_alive", "is_ready", "openapi", "ping", "health", "server_version"), NOTHING),
    **dict.fromkeys(("v2_server", "v2_live", "v2_ready"), NOTHING),
    "show": lambda world, owner: Ask({"path": "index.css"}, {}),
    "front": NOTHING,
    "page": lambda world, owner: Ask({"path": "datasets"}, {}),
}


def path_of(path: str, ask: Ask) -> str:
    """The path of SECURITY.md's table with what stands in it."""
    for name, value in ask.places.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


def text_of(answer: TestResponse) -> str:
    """An answer without what is each request's own."""
    try:
        document = json.loads(answer.get_data())
    except ValueError:
        return answer.get_data(as_text=True)
    if isinstance(document, dict):
        document.pop("request_id", None)
    return json.dumps(document, sort_keys=True)
