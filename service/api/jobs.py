"""/v1/jobs: trainings, comparisons and batch predictions, from the spec to the result."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request

from service.api import paging
from service.api.admission.admit import allowed, owner, quotas
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.files import send
from service.api.http.documents import read_object, spec_limit
from service.api.http.problems import RETRY_SECONDS
from service.api.parameters import (
    EventsQuery,
    JobsQuery,
    NewestKnownHeader,
    PreferHeader,
    RangeHeaders,
    StartHeaders,
)
from service.api.schemas import jobs as schemas
from service.api.schemas.preflight import SpecCheck
from service.api.schemas.results import JobResult
from service.api.streams import events_answer
from service.domain.jobs.batch import CSV, PARQUET
from service.domain.jobs.lifecycle import is_terminal
from service.errors import ResultNotReady
from service.store import jobs, models
from service.store.blobs.store import damage_named
from service.store.tables import JobRow
from service.usecases.cancel import cancel
from service.usecases.delete_job import delete_job as delete_ended_job
from service.usecases.preflight import preflight
from service.usecases.start import Submitted
from service.usecases.submit import submit
from service.usecases.waiting import waiting

blueprint = Blueprint(
    "jobs", __name__, url_prefix="/v1/jobs", description="Trainings, comparisons and batch predictions"
)

_DATASET = "ds_01k4q2v7x8m3n5p6r9s0t1w2y3"
_TRAINING = {"dataset": _DATASET, "model": "house-price", "target": "price"}
EXAMPLES = {
    "a linear neuron": {"value": _TRAINING},
    "a network": {"value": {**_TRAINING, "network": {"kind": "mlp", "hidden": [16]}, "epochs": 100}},
    "descents compared": {"value": {"kind": "descent-comparison", "dataset": _DATASET, "target": "price"}},
}
BODY = {"required": True, "content": {"application/json": {"schema": schemas.ANY_SPEC, "examples": EXAMPLES}}}
JOB = schemas.JobSchema()
MEDIA_TYPES = {CSV: "text/csv", PARQUET: "application/vnd.apache.parquet"}
BYTES = {"type": "string", "format": "binary"}
NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
BAD_BODY = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@blueprint.route("", methods=["POST"])
@blueprint.headers(StartHeaders)
@blueprint.answers(HTTPStatus.ACCEPTED, schemas.JobSchema, description="queued")
@blueprint.also_answers(HTTPStatus.CREATED, schemas.JobSchema, description="ended within Prefer: wait=N")
@blueprint.also_answers(HTTPStatus.OK, schemas.JobSchema, description="reused: it has succeeded before")
@blueprint.fails(*BAD_BODY, HTTPStatus.TOO_MANY_REQUESTS)
@blueprint.described(requestBody=BODY)
def submit_job(headers: dict[str, Any]) -> Any:
    """Start a job: train a model, or compare descents on a dataset ("kind": "descent-comparison")"""
    deps = context().deps
    body = read_object(request, spec_limit(deps.settings))
    key = headers.get("idempotency_key")
    submitted = submit(deps.database, deps.queue, owner(), allowed(), body, key, told, deps.blobs, quotas())
    return started(submitted, headers)


@blueprint.route("/validate", methods=["POST"])
@blueprint.answers(HTTPStatus.OK, SpecCheck)
@blueprint.fails(*BAD_BODY)
@blueprint.described(requestBody=BODY)
def validate_job() -> Any:
    """Check a spec against its dataset without running it: the resolved spec, notes, warnings and estimates"""
    deps = context().deps
    body = read_object(request, spec_limit(deps.settings))
    return preflight(deps.database, deps.blobs, owner(), allowed(), body).to_json()


@blueprint.route("")
@blueprint.query(JobsQuery)
@blueprint.answers(HTTPStatus.OK, paging.JobList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_jobs(query: dict[str, Any]) -> Any:
    """List the jobs, newest first, without their specs"""
    with context().deps.database.read() as session:
        after, state, kind, model = (query.get(name) for name in ("after", "state", "kind", "model"))
        metadata = query["metadata"]
        return paging.envelope(jobs.listing(session, owner(), query["limit"], after, state, kind, model, metadata))


@blueprint.route("/<job:id>")
@blueprint.headers(PreferHeader)
@blueprint.answers(HTTPStatus.OK, schemas.JobSchema)
@blueprint.fails(*NOT_FOUND)
def get_job(headers: dict[str, Any], id: str) -> Any:
    """Get a job: its state and progress, or why it waits; Prefer: wait=N waits for its end"""
    here = context()
    job, answered = here.waiting.preferred(headers.get("prefer", ""), id, lambda: _ended(id))
    if job is not None:
        return job, answered
    with here.deps.database.read() as session:
        job = jobs.get(session, owner(), id)
        why = waiting(session, here.deps.queue, job)
    if why is None:
        return job, answered
    return jsonify(told(job) | {"waiting": asdict(why)}), answered


@blueprint.route("/<job:id>", methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def delete_job(id: str) -> Any:
    """Delete a job that has ended, with its events and the file of a batch prediction

    A version that it has published stays, with its report. Cancel a job that has not ended first.
    """
    deps = context().deps
    delete_ended_job(deps.database, deps.changes, owner(), id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/<id>/cancel", methods=["POST"])
@blueprint.headers(PreferHeader)
@blueprint.answers(HTTPStatus.OK, schemas.JobSchema, description="cancelled")
@blueprint.also_answers(HTTPStatus.ACCEPTED, schemas.JobSchema, description="it will stop at the next batch")
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def cancel_job(headers: dict[str, Any], id: str) -> Any:
    """Cancel a job; asking twice changes nothing"""
    here = context()
    job = cancel(here.deps.database, here.deps.changes, owner(), id)
    ended, answered = here.waiting.preferred(headers.get("prefer", ""), id, lambda: _ended(id))
    job = ended or job
    return (job, answered) if is_terminal(job.state) else (job, *later(id, answered))


@blueprint.route("/<id>/events")
@blueprint.query(EventsQuery)
@blueprint.headers(NewestKnownHeader)
@blueprint.answers(HTTPStatus.OK, schemas.Events)
@blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type="text/event-stream")
@blueprint.also_answers(
    HTTPStatus.NO_CONTENT, description="no stream: the job has ended, and the client has all of its events"
)
@blueprint.fails(*NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
def list_events(query: dict[str, Any], headers: dict[str, Any], id: str) -> Any:
    """Follow a job: its events after a given one, by polling, long-polling or as a stream

    A stream that has nothing left, since the job has ended, is answered 204, which stops an EventSource.
    """
    return events_answer(id, query, headers)


@blueprint.route("/<id>/result")
@blueprint.headers(RangeHeaders)
@blueprint.answers(HTTPStatus.OK, JobResult)
@blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=MEDIA_TYPES[CSV])
@blueprint.also_answers(HTTPStatus.OK, BYTES, content_type=MEDIA_TYPES[PARQUET])
@blueprint.also_answers(HTTPStatus.PARTIAL_CONTENT, BYTES, content_type=MEDIA_TYPES[CSV])
@blueprint.also_answers(HTTPStatus.PARTIAL_CONTENT, BYTES, content_type=MEDIA_TYPES[PARQUET])
@blueprint.also_answers(HTTPStatus.NOT_MODIFIED)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
def get_result(_: dict[str, Any], id: str) -> Any:
    """Get the result of a job that succeeded; for a batch prediction its file, or a range of it"""
    deps = context().deps
    with deps.database.read() as session:
        job = jobs.get(session, owner(), id)
        if job.state == "succeeded" and job.kind == "predict" and job.result is not None:
            format = job.spec["format"]
            with damage_named(f"the result of job {id}", "run the batch prediction again"):
                return send(
                    deps.blobs,
                    job.result["sha256"],
                    MEDIA_TYPES[format],
                    size_bytes=job.result["bytes"],
                    filename=f"{job.model_name}-{job.model_version}-predictions.{format}",
                )
        if job.state == "succeeded" and job.kind == "descent-comparison":
            return {"comparison": job.result}
        if job.state != "succeeded" or job.model_version is None:
            why = f": {job.error['detail']}" if job.error else ""
            raise ResultNotReady(f"job {id} is {job.state}, and only succeeded jobs have a result{why}")
        version = models.get_version(session, job.owner, job.model_name, job.model_version)
    return {
        "model": {"name": version.model_name, "version": version.version},
        "metrics": version.metrics,
        "promotion": (job.result or {}).get("promotion"),
    }


def started(submitted: Submitted, headers: dict[str, Any]) -> Any:
    """The answer to a request that has started a job: at once, or once it has ended within Prefer: wait=N."""
    id = submitted.job_id
    if submitted.has_ended:
        return jsonify(submitted.answer()), HTTPStatus.OK, {"Location": _location(id)}
    job, answered = context().waiting.preferred(headers.get("prefer", ""), id, lambda: _ended(id))
    if job is not None:
        return job, HTTPStatus.CREATED, {"Location": _location(id), **answered}
    return jsonify(submitted.answer()), *later(id, answered)


def told(job: JobRow) -> dict[str, Any]:
    """A job as JSON."""
    document: dict[str, Any] = JOB.dump(job)
    return document


def _get(id: str) -> JobRow:
    with context().deps.database.read() as session:
        return jobs.get(session, owner(), id)


def _ended(id: str) -> JobRow | None:
    with context().deps.database.read() as session:
        return jobs.ended(session, owner(), id)


def _location(id: str) -> str:
    return f"/v1/jobs/{id}"


def later(id: str, answered: dict[str, str]) -> tuple[HTTPStatus, dict[str, str]]:
    """The status and headers of an answer to what a job has still to do."""
    headers = {"Location": _location(id), "Retry-After": str(RETRY_SECONDS), **answered}
    return HTTPStatus.ACCEPTED, headers
