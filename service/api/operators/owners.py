"""/v1/owners: what owners may have and have, and the end of everything of one. For those who run the server."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields

from service.api import paging
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.documents import document_limit, load, read_object
from service.api.http.problems import RETRY_SECONDS
from service.api.schemas.answer import Answer, TimeField, says, within
from service.api.schemas.requested import Requested
from service.domain.access.owners import OWNER_NAME
from service.domain.access.quotas import MEANINGS, MOST, Quotas
from service.domain.spec.fields import JsonInteger, Matches
from service.store.steering import limits, owners
from service.store.tables import KeyRow, OwnerRow
from service.usecases.steering import owners as usecases

blueprint = Blueprint("owners", __name__, url_prefix="/v1", description="Owners, and what they may have")

NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_NUMBERS: dict[str, ma.fields.Field[Any]] = {
    name: JsonInteger(validate=within(0, MOST), metadata=says(meaning)) for name, meaning in MEANINGS.items()
}
LimitsSchema = Answer.from_dict(_NUMBERS, name="Limits")
LimitsRequest = Requested.from_dict(_NUMBERS, name="LimitsRequest")
EXAMPLE = {"queued_jobs": 100}


class UsedSchema(Answer):
    stored_bytes = fields.Integer(required=True, metadata=says("of uploads, versions and results of batch predictions"))
    datasets = fields.Integer(required=True)
    queued_jobs = fields.Integer(required=True, metadata=says("that wait or are paused"))
    running_jobs = fields.Integer(required=True)


class OwnerSchema(Answer):
    id = fields.String(required=True)
    limits = fields.Nested(LimitsSchema, required=True, metadata=says("its own, in the place of the server's settings"))
    created_at = TimeField(required=True)


class OwnerInFull(OwnerSchema):
    """An owner with what it has."""

    allowed = fields.Nested(LimitsSchema, required=True, metadata=says("with the settings; 0: no limit"))
    used = fields.Nested(UsedSchema, required=True)


class StillRunning(Answer):
    jobs = fields.List(fields.String(), required=True, metadata=says("that still run, and have been told to stop"))


class OwnersQuery(Requested):
    limit = fields.Integer(load_default=50, validate=within(1, 200))
    after = fields.String(
        validate=Matches(OWNER_NAME, error="is not a cursor; give the `next` of the previous page"),
        metadata=says("the `next` of the previous page"),
    )


OwnerList = paging.listing(OwnerSchema)


@blueprint.route("/owners")
@blueprint.query(OwnersQuery)
@blueprint.answers(HTTPStatus.OK, OwnerList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_owners(query: dict[str, Any]) -> Any:
    """List the owners, from the end of the alphabet"""
    with context().deps.database.read() as session:
        return paging.envelope(owners.listing(session, query["limit"], query.get("after")), _told)


@blueprint.route("/owners/<id>")
@blueprint.answers(HTTPStatus.OK, OwnerInFull)
@blueprint.fails(*NOT_FOUND)
def get_owner(id: str) -> Any:
    """Get an owner: what it may have, and what it has"""
    deps = context().deps
    with deps.database.read() as session:
        row, used = owners.get(session, id), limits.used(session, id)
    return {**_told(row), "allowed": asdict(Quotas.of(deps.settings, row.limits)), "used": asdict(used)}


@blueprint.route("/owners/<id>", methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.also_answers(
    HTTPStatus.ACCEPTED, StillRunning, description="jobs still run; ask again once they have stopped"
)
@blueprint.fails(*NOT_FOUND)
def delete_owner(id: str) -> Any:
    """Delete everything of an owner: datasets, jobs, models, webhooks, shares and keys

    Its keys open nothing from now on. While jobs of it still run, which are told to stop, nothing is deleted, and the
    answer is 202: ask again. The owner `default` stays, without anything; its keys stay too.
    """
    here = context()
    running = usecases.delete_owner(here.deps.database, here.deps.changes, id)
    here.keys.refresh()
    if running:
        return {"jobs": running}, HTTPStatus.ACCEPTED, {"Retry-After": str(RETRY_SECONDS)}
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/owners/<id>/limits", methods=["PUT"])
@blueprint.answers(HTTPStatus.OK, OwnerSchema)
@blueprint.fails(*NOT_FOUND)
@blueprint.takes(LimitsRequest, EXAMPLE)
def put_owner_limits(id: str) -> Any:
    """Give an owner limits of its own: those that are left out are as the server's settings say"""
    here = context()
    asked = load(LimitsRequest, read_object(request, document_limit(here.deps.settings)))
    row = usecases.limit_owner(here.deps.database, here.deps.changes, id, asked)
    here.keys.refresh()
    return _told(row)


@blueprint.route("/keys/<id>/limits", methods=["PUT"])
@blueprint.answers(HTTPStatus.OK, LimitsSchema)
@blueprint.fails(*NOT_FOUND)
@blueprint.takes(LimitsRequest, EXAMPLE)
def put_key_limits(id: str) -> Any:
    """Let a key through less than its owner may; {} takes that back"""
    here = context()
    asked = load(LimitsRequest, read_object(request, document_limit(here.deps.settings)))
    row = usecases.limit_key(here.deps.database, here.deps.changes, id, asked)
    here.keys.refresh()
    return row.limits or {}


def _told(row: OwnerRow | KeyRow) -> dict[str, Any]:
    return {"id": row.id, "limits": row.limits or {}, "created_at": row.created_at}
