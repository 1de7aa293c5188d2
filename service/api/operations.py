"""Whether the service lives and is ready, its metrics, and its documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response
from flask_swagger_ui import get_swaggerui_blueprint
from marshmallow import fields

from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.schemas.answer import Answer
from service.domain.jobs.lanes import SHORT
from service.errors import QueueUnavailable, StorageFull
from service.metrics import MEDIA_TYPE, exposition
from service.queue import INGEST, TRAIN

DOCUMENT = "/openapi.json"
DOCS = "/docs"
SERVING = {"trainers": TRAIN.queue, "ingest": INGEST.queue}
LANE = {"short": SHORT}  # who takes short work alone; without them all of it is done, by the others
OK, UNAVAILABLE, FULL, DEGRADED = "ok", "unavailable", "full", "degraded"

log = structlog.get_logger(__name__)


class Health(Answer):
    status = fields.String(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String())


blueprint = Blueprint("operations", __name__, description="Health, readiness and metrics")


@blueprint.route("/healthz")
@blueprint.answers(HTTPStatus.OK, Health)
def is_alive() -> Any:
    """Check that the process answers"""
    return {"status": "ok"}


@blueprint.route("/readyz")
@blueprint.answers(HTTPStatus.OK, Health)
@blueprint.also_answers(HTTPStatus.SERVICE_UNAVAILABLE, Health)
def is_ready() -> Any:
    """Check that the database, blob storage and broker answer, and that workers train and ingest

    Answers 503 when one of the first three does not answer or is out of space (`full`). Without workers, models still
    serve predictions and queued work waits: the status is then `degraded`, with 200. `short` are the processes reserved
    for short jobs and small files: without them these may wait behind long ones, but the status stays `ok`.
    """
    answering, serving = parts_that_answer(), parts_that_serve()
    word, status = readiness(answering, serving)
    return {"status": word, "parts": answering | serving}, status


@blueprint.route("/metrics")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type="text/plain")
def get_metrics() -> Any:
    """Get the metrics of all API processes, the queue and the database, in Prometheus' text format

    `adaline serve` tells those of its workers here too; a worker or a sweeper that runs alone tells its own on
    ADALINE_METRICS_PORT.
    """
    return Response(exposition(context().gauges), content_type=MEDIA_TYPE)


def readiness(answering: Mapping[str, str], serving: Mapping[str, str]) -> tuple[str, HTTPStatus]:
    """In a word, and as the status of an answer."""
    if any(word != OK for word in answering.values()):
        return UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE
    return (OK if all(serving[name] == OK for name in SERVING) else DEGRADED), HTTPStatus.OK


def parts_that_answer() -> dict[str, str]:
    """What the service stands on, and whether each of it answers: "ok", "unavailable", or "full" for want of room."""
    deps = context().deps
    checks = {"database": deps.database.check, "blobs": deps.blobs.check, "broker": deps.changes.ping}
    return {name: _answers(name, check) for name, check in checks.items()}


def parts_that_serve() -> dict[str, str]:
    """Who works on what is queued, and whether there is anybody."""
    try:
        served = context().deps.queue.served()
    except QueueUnavailable:  # nobody can be asked, and nobody can be told of work
        served = {}
    roles = SERVING | LANE
    return {name: OK if served.get(role, False) else UNAVAILABLE for name, role in roles.items()}


def _answers(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except StorageFull as error:
        log.warning("not ready", part=name, error=str(error))
        return FULL
    except Exception as error:  # noqa: BLE001 (whatever it is, the part cannot be used)
        log.warning("not ready", part=name, error=str(error))
        return UNAVAILABLE
    return OK


def serve_document(app: Flask, document: dict[str, Any]) -> None:
    """Serve the OpenAPI document and, from files in a wheel, the pages that show it."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2)

    def openapi() -> Response:
        return Response(text, mimetype="application/json")

    app.add_url_rule(DOCUMENT, "openapi", openapi)
    # without a validator's URL: the page would send the document to a public server
    pages = get_swaggerui_blueprint(DOCS, DOCUMENT, {"app_name": "Adaline", "validatorUrl": None})
    app.register_blueprint(pages)
