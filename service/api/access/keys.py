"""/v1/keys: who may use this server. For those who run it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, request

from service.api import paging
from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.documents import document_limit, load, read_object
from service.api.schemas import keys as schemas
from service.changes import KEYS_CHANGED
from service.store.access import keys
from service.usecases import keys as usecases

blueprint = Blueprint("keys", __name__, url_prefix="/v1/keys", description="Keys, and whose things they open")

NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
EXAMPLE = {"owner": "alice", "name": "notebook", "scopes": ["train"]}


@blueprint.route("", methods=["POST"])
@blueprint.answers(HTTPStatus.CREATED, schemas.MadeKey)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
@blueprint.takes(schemas.KeyRequest, EXAMPLE)
def create_key() -> Any:
    """Make a key; the only answer that shows it

    There is no Idempotency-Key here: an answer that could be given again would have to be kept, and the key with it.
    """
    here = context()
    asked = load(schemas.KeyRequest, read_object(request, document_limit(here.deps.settings)))
    made = usecases.create_key(
        here.deps.database, asked.get("owner", owner()), asked["name"], asked["scopes"], asked["expires_at"]
    )
    here.deps.changes.publish(KEYS_CHANGED)
    shown = {name: getattr(made.row, name) for name in schemas.KeySchema().fields}
    location = {"Location": f"/v1/keys/{made.row.id}", "Cache-Control": "no-store"}
    return {**shown, "key": made.text}, HTTPStatus.CREATED, location


@blueprint.route("")
@blueprint.query(schemas.KeysQuery)
@blueprint.answers(HTTPStatus.OK, paging.KeyList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_keys(query: dict[str, Any]) -> Any:
    """List the keys of all owners, newest first, also those that are revoked or expired"""
    with context().deps.database.read() as session:
        return paging.envelope(keys.listing(session, query["limit"], query.get("after"), query.get("owner")))


@blueprint.route("/<id>")
@blueprint.answers(HTTPStatus.OK, schemas.KeySchema)
@blueprint.fails(*NOT_FOUND)
def get_key(id: str) -> Any:
    """Get a key: whose it is, what it opens, when it was last used"""
    with context().deps.database.read() as session:
        return keys.get(session, id)


@blueprint.route("/<id>", methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND)
def revoke_key(id: str) -> Any:
    """Revoke a key: it opens nothing any more, nor do the sessions that were started with it

    This process refuses it from now on, the others within a moment. It stays in the list. Revoking twice changes
    nothing.
    """
    here = context()
    usecases.revoke_key(here.deps.database, here.deps.changes, id)
    here.keys.refresh()
    return Response(status=HTTPStatus.NO_CONTENT)
