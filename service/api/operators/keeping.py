"""/v1/usage, /v1/status: what is stored and by whom, and how the installation is."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from marshmallow import fields

from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.operations import parts_that_answer, parts_that_serve, readiness
from service.api.operators.workers import WorkerSchema
from service.api.schemas.answer import Answer, TimeField, says
from service.store.blobs.in_use import KINDS
from service.usecases.keeping.status import status
from service.usecases.keeping.usage import usage

blueprint = Blueprint("keeping", __name__, url_prefix="/v1", description="What is stored, and how the server is")

StoredBytes = Answer.from_dict({kind: fields.Integer(required=True) for kind in (*KINDS, "total")}, name="StoredBytes")


class OwnersUsageSchema(Answer):
    owner = fields.String(required=True)
    datasets = fields.Integer(required=True)
    jobs = fields.Integer(required=True)
    models = fields.Integer(required=True)
    versions = fields.Integer(required=True)
    bytes = fields.Nested(
        StoredBytes,
        required=True,
        metadata=says("of stored files; a file that several resources have in common is counted once"),
    )


class AllUsage(Answer):
    data = fields.List(fields.Nested(OwnersUsageSchema), required=True)
    stored_bytes = fields.Integer(required=True, metadata=says("all stored files, each counted once"))
    unused_bytes = fields.Integer(
        required=True, metadata=says("of these, what nothing refers to any more, or not yet; deleted once it is old")
    )


class QueueStatusSchema(Answer):
    queue = fields.String(required=True)
    waiting = fields.Integer(required=True, metadata=says("jobs or uploads that no worker has begun"))
    oldest_seconds = fields.Float(required=True, metadata=says("how long ago the oldest of them was submitted"))
    messages = fields.Integer(required=True, allow_none=True, metadata=says("null: the broker does not answer"))


class FailureSchema(Answer):
    code = fields.String(required=True)
    count = fields.Integer(required=True)
    newest = fields.String(required=True, metadata=says("the newest job or dataset that failed so"))
    detail = fields.String(required=True, metadata=says("what it was told"))


class StatusSchema(Answer):
    status = fields.String(
        required=True, metadata=says("ok; degraded: nobody trains or ingests; unavailable: a part does not answer")
    )
    parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    adaline = fields.String(required=True, metadata=says("the server's version"))
    revision = fields.String(required=True, metadata=says("of the database's tables"))
    jobs = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True, metadata=says("by state"))
    datasets = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True, metadata=says("by state"))
    queues = fields.List(fields.Nested(QueueStatusSchema), required=True)
    workers = fields.List(fields.Nested(WorkerSchema), required=True)
    failures = fields.List(
        fields.Nested(FailureSchema),
        required=True,
        metadata=says("of the last 24 hours by code, the most frequent first"),
    )
    bytes = fields.Nested(StoredBytes, required=True)
    unused_bytes = fields.Integer(required=True)
    free_bytes = fields.Integer(
        required=True, allow_none=True, metadata=says("on the disk of stored files; null: they are in S3")
    )
    moment = TimeField(required=True)


@blueprint.route("/usage")
@blueprint.answers(HTTPStatus.OK, OwnersUsageSchema)
def get_usage() -> Any:
    """Get what you have stored: how many of each resource, and bytes by what they are"""
    deps = context().deps
    return asdict(usage(deps.database, deps.blobs, owner()).owners[0])


@blueprint.route("/usage/owners")
@blueprint.answers(HTTPStatus.OK, AllUsage)
def list_usage() -> Any:
    """Get what each owner has stored, and what is stored in all"""
    deps = context().deps
    found = usage(deps.database, deps.blobs)
    return {
        "data": [asdict(one) for one in found.owners],
        "stored_bytes": found.stored_bytes,
        "unused_bytes": found.unused_bytes,
    }


@blueprint.route("/status")
@blueprint.answers(HTTPStatus.OK, StatusSchema)
@blueprint.fails(HTTPStatus.SERVICE_UNAVAILABLE)
def get_status() -> Any:
    """Get how the installation is: parts, queues, workers, failures of the last day, storage, versions"""
    deps = context().deps
    answering, serving = parts_that_answer(), parts_that_serve()
    word, _ = readiness(answering, serving)
    return {"status": word, "parts": answering | serving, **asdict(status(deps.database, deps.blobs, deps.queue))}
