"""/v1/batch-predictions: a model's answers for a whole dataset, made by the workers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import request

from service.api.admission.admit import owner, quotas
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.documents import document_limit, read_object
from service.api.jobs import BAD_BODY, started, told
from service.api.parameters import StartHeaders
from service.api.schemas.jobs import JobSchema
from service.usecases.batch import submit_batch

blueprint = Blueprint(
    "batch_predictions", __name__, url_prefix="/v1/batch-predictions", description="Predictions for whole datasets"
)

EXAMPLE = {"model": "house-price", "dataset": "ds_01k4q2v7x8m3n5p6r9s0t1w2y3", "format": "csv"}
BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BatchSpec"}, "example": EXAMPLE}},
}


@blueprint.route("", methods=["POST"])
@blueprint.headers(StartHeaders)
@blueprint.answers(HTTPStatus.ACCEPTED, JobSchema, description="queued")
@blueprint.also_answers(HTTPStatus.CREATED, JobSchema, description="ended within Prefer: wait=N")
@blueprint.fails(*BAD_BODY, HTTPStatus.TOO_MANY_REQUESTS)
@blueprint.described(requestBody=BODY)
def submit_batch_prediction(headers: dict[str, Any]) -> Any:
    """Predict every row of a dataset: starts a job of kind `predict`, whose result is a CSV or Parquet file

    The model reference is resolved now, to a version. A row of the result has its number in the dataset, from 1, and
    what /predict answers for it; `GET /v1/jobs/{id}/result` downloads it, also in ranges.
    """
    deps = context().deps
    body = read_object(request, document_limit(deps.settings))
    key = headers.get("idempotency_key")
    short_seconds = deps.settings.short_job_seconds
    return started(submit_batch(deps.database, deps.queue, owner(), body, key, told, short_seconds, quotas()), headers)
