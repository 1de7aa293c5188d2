"""Jobs, their progress, and their events."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.schemas.answer import Answer, TimeField, one_of, says
from service.api.schemas.problems import Reason
from service.domain.jobs.lanes import LANES
from service.domain.jobs.lifecycle import JOB_KINDS, JOB_STATES, TERMINAL
from service.store.tables import JobRow

EVENT_TYPES = ("state", "epoch", "progress", "message")
# one, not any: generators make a union of these, and one class of all members of those
ANY_SPEC = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("TrainingSpec", "ComparisonSpec")]}
ANY_KEPT_SPEC = {"oneOf": [*ANY_SPEC["oneOf"], {"$ref": "#/components/schemas/BatchSpec"}]}


class ProgressSchema(Answer):
    descent = fields.String(metadata=says("of a comparison: the descent that runs"))
    epoch = fields.Integer(allow_none=True, metadata=says("null for a batch prediction, which has none"))
    epochs = fields.Integer(allow_none=True)
    fraction = fields.Float(metadata=says("0 to 1"))
    train_loss = fields.Float(
        allow_none=True,
        metadata=says(
            "in the target's units, of several summed in scaled ones; the mean before each step of the epoch"
        ),
    )
    validation_loss = fields.Float(allow_none=True, metadata=says("after the epoch's steps"))
    rows_per_second = fields.Float(allow_none=True)
    eta_seconds = fields.Float(allow_none=True)


class JobFields(Answer):
    """What a job has wherever it is told."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(JOB_KINDS))
    state = fields.String(required=True, validate=one_of(JOB_STATES))
    is_terminal = fields.Function(
        lambda job: job.state in TERMINAL,
        required=True,
        metadata=says("nothing more can happen to the job", type="boolean"),
    )
    dataset = fields.String(required=True, attribute="dataset_id")
    model = fields.Method(
        "_model",
        required=True,
        metadata={"anyOf": [{"$ref": "#/components/schemas/ModelVersion"}, {"type": "null"}]},
    )
    progress = fields.Nested(ProgressSchema, required=True, allow_none=True)
    attempt = fields.Integer(
        required=True, metadata=says("which attempt this is since the job last got further; clean stops do not count")
    )
    created_at = TimeField(required=True)
    started_at = TimeField(required=True, allow_none=True)
    finished_at = TimeField(required=True, allow_none=True)
    error = fields.Nested(Reason, required=True, allow_none=True)

    def _model(self, job: JobRow) -> dict[str, Any] | None:
        return None if job.model_version is None else {"name": job.model_name, "version": job.model_version}


class WaitingSchema(Answer):
    """Why a job waits."""

    lane = fields.String(
        required=True,
        validate=one_of(LANES),
        metadata=says("short: what is expected to end soon, which has processes of its own besides all others"),
    )
    before = fields.Integer(
        required=True, metadata=says("jobs of its lane that were submitted earlier and wait too; 1000: or more")
    )
    running = fields.Integer(required=True, metadata=says("jobs that run now; 1000: or more"))
    why = fields.String(required=True)


class JobSchema(JobFields):
    spec = fields.Raw(required=True, metadata=ANY_KEPT_SPEC)
    waiting = fields.Nested(WaitingSchema, metadata=says("of a queued job, where GET /v1/jobs/{id} tells it"))


class ListedJob(JobFields):
    """A job as a list has it: without its spec, and so without the metadata in it; `GET /v1/jobs/{id}` has both."""

    model_name = fields.Function(
        lambda job: job.model_name or None,
        required=True,
        metadata=says("that the spec asks for; null where it asks for none", type=["string", "null"]),
    )


class EventSchema(Answer):
    seq = fields.Integer(required=True)
    at = TimeField(required=True)
    type = fields.String(required=True, validate=one_of(EVENT_TYPES))
    data = fields.Dict(required=True)


class Events(Answer):
    data = fields.List(fields.Nested(EventSchema), required=True)
    next = fields.Integer(required=True, metadata=says("give it as ?after= to go on from here"))
    is_terminal = fields.Boolean(required=True, metadata=says("the job has ended and no event comes after these"))
