"""/v1/webhooks, and the deliveries of a webhook or about a job."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, request

from service.api import paging
from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.documents import document_limit, load, read_object
from service.api.jobs import NOT_FOUND
from service.api.parameters import PageQuery
from service.api.schemas import webhooks as schemas
from service.store import jobs
from service.store.steering import webhooks
from service.usecases.steering.webhooks import register

blueprint = Blueprint("webhooks", __name__, url_prefix="/v1", description="Being told of ended jobs and new versions")

EXAMPLE = {"url": "https://example.com/adaline", "events": ["job.failed", "version.published"]}
WebhookList = paging.listing(schemas.WebhookSchema)
DeliveryList = paging.listing(schemas.DeliverySchema)


@blueprint.route("/webhooks", methods=["POST"])
@blueprint.answers(HTTPStatus.CREATED, schemas.MadeWebhook)
@blueprint.fails(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)
@blueprint.takes(schemas.WebhookRequest, EXAMPLE)
def create_webhook() -> Any:
    """Register an address to be told of ended jobs and new versions; the only answer that shows its secret

    It gets a POST by Standard Webhooks, signed with the secret, for each event of your jobs: at least once, and again
    over three days until it answers 2xx; 410 ends that. Redirects are not followed, and only public addresses are
    reached. There is no Idempotency-Key here: an answer that could be given again would have to be kept, and the secret
    with it.
    """
    settings = context().deps.settings
    asked = load(schemas.WebhookRequest, read_object(request, document_limit(settings)))
    row = register(context().deps.database, settings, owner(), asked["url"], asked["events"])
    return row, HTTPStatus.CREATED, {"Location": f"/v1/webhooks/{row.id}", "Cache-Control": "no-store"}


@blueprint.route("/webhooks")
@blueprint.query(PageQuery)
@blueprint.answers(HTTPStatus.OK, WebhookList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_webhooks(query: dict[str, Any]) -> Any:
    """List the webhooks, newest first"""
    with context().deps.database.read() as session:
        return paging.envelope(webhooks.listing(session, owner(), query["limit"], query.get("after")))


@blueprint.route("/webhooks/<id>")
@blueprint.answers(HTTPStatus.OK, schemas.WebhookSchema)
@blueprint.fails(*NOT_FOUND)
def get_webhook(id: str) -> Any:
    """Get a webhook: its address, and what it is told of"""
    with context().deps.database.read() as session:
        return webhooks.get(session, owner(), id)


@blueprint.route("/webhooks/<id>", methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND)
def delete_webhook(id: str) -> Any:
    """Delete a webhook, with its deliveries: nothing is told to it any more"""
    with context().deps.database.write(frees_room=True) as session:
        webhooks.remove(session, owner(), id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/webhooks/<id>/deliveries")
@blueprint.query(PageQuery)
@blueprint.answers(HTTPStatus.OK, DeliveryList)
@blueprint.fails(*NOT_FOUND)
def list_webhook_deliveries(query: dict[str, Any], id: str) -> Any:
    """List what a webhook was told or is to be, newest first: attempts, the last answer, when it is tried again"""
    with context().deps.database.read() as session:
        webhooks.get(session, owner(), id)
        return paging.envelope(webhooks.deliveries_of(session, id, query["limit"], query.get("after")))


@blueprint.route("/jobs/<id>/deliveries")
@blueprint.query(PageQuery)
@blueprint.answers(HTTPStatus.OK, DeliveryList)
@blueprint.fails(*NOT_FOUND)
def list_job_deliveries(query: dict[str, Any], id: str) -> Any:
    """List what webhooks were told of a job or are to be, newest first"""
    with context().deps.database.read() as session:
        jobs.get(session, owner(), id)
        return paging.envelope(webhooks.deliveries_about(session, id, query["limit"], query.get("after")))
