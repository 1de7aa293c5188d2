"""/v1/jobs/{id}/pause and /resume."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.jobs import NOT_FOUND, later
from service.api.parameters import PreferHeader
from service.api.schemas.jobs import JobSchema
from service.store import jobs
from service.store.tables import JobRow
from service.usecases.steering.pause import pause, resume

blueprint = Blueprint("steering", __name__, url_prefix="/v1/jobs", description="Pausing and resuming jobs")


@blueprint.route("/<id>/pause", methods=["POST"])
@blueprint.headers(PreferHeader)
@blueprint.answers(HTTPStatus.OK, JobSchema, description="paused, and no worker holds it")
@blueprint.also_answers(HTTPStatus.ACCEPTED, JobSchema, description="paused; its worker stops at the next batch")
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def pause_job(headers: dict[str, Any], id: str) -> Any:
    """Pause a job; asking twice changes nothing

    At its next batch a running job is saved, as far as it has come, and frees its worker. No attempt is spent, and
    paused time counts for no limit of time. It stays paused until it is resumed or cancelled.
    """
    here = context()
    job = pause(here.deps.database, here.deps.changes, owner(), id)
    let_go, answered = here.waiting.preferred(headers.get("prefer", ""), id, lambda: _let_go(id))
    job = let_go or job
    return (job, answered) if job.lease_until is None else (job, *later(id, answered))


@blueprint.route("/<id>/resume", methods=["POST"])
@blueprint.answers(HTTPStatus.OK, JobSchema, description="queued, or running")
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def resume_job(id: str) -> Any:
    """Resume a paused job; asking twice changes nothing

    It waits in line again, continues from what is saved, and ends in the same bits as a job that was not paused.
    """
    deps = context().deps
    return resume(deps.database, deps.queue, deps.changes, owner(), id)


def _let_go(id: str) -> JobRow | None:
    with context().deps.database.read() as session:
        job = jobs.get(session, owner(), id)
    return job if job.lease_until is None else None
