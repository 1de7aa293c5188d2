"""/v1/workers: who works, on what, since when. For those who run the server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from marshmallow import fields

from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.schemas.answer import Answer, TimeField, one_of, says
from service.queue import ROLES
from service.usecases.steering.workers import ALIVE, LOST, workers

blueprint = Blueprint("workers", __name__, url_prefix="/v1/workers", description="Who works, and on what")


class DoingSchema(Answer):
    """What a process works on."""

    process = fields.Integer(required=True, metadata=says("its process id"))
    type = fields.String(required=True, validate=one_of(("job", "dataset")))
    id = fields.String(required=True)
    kind = fields.String(required=True, metadata=says("the job's kind; ingest for a dataset"))
    owner = fields.String(required=True)
    since = TimeField(required=True, allow_none=True)


class WorkerSchema(Answer):
    id = fields.String(required=True, metadata=says("host and process id"))
    host = fields.String(required=True)
    pid = fields.Integer(required=True)
    state = fields.String(
        required=True,
        validate=one_of((ALIVE, LOST)),
        metadata=says("lost: it says nothing any more; others get what it held, once its leases have ended"),
    )
    roles = fields.List(fields.String(validate=one_of(tuple(ROLES))), required=True)
    processes = fields.Integer(required=True, metadata=says("that can work on something"))
    started_at = TimeField(required=True, allow_none=True, metadata=says("null: it is lost"))
    doing = fields.List(fields.Nested(DoingSchema), required=True)


class Workers(Answer):
    data = fields.List(fields.Nested(WorkerSchema), required=True)


@blueprint.route("")
@blueprint.answers(HTTPStatus.OK, Workers)
@blueprint.fails(HTTPStatus.SERVICE_UNAVAILABLE)
def list_workers() -> Any:
    """List the workers: who is there, for which queues, and what each process does since when"""
    deps = context().deps
    with deps.database.read() as session:
        return {"data": workers(session, deps.queue)}
