"""Jobs, their progress, and their events."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.schemas.answer import Answer, TimeField, one_of, says
from service.api.schemas.problems import Reason
from service.domain.jobs.lanes import LANES
from service.domain.jobs.lifecycle import JOB_KINDS, JOB_STATES, TERMINAL
from service.store.tables import JobRow

STAGES = ("linear", "mlp", "refit")
EVENT_TYPES = ("state", "epoch", "progress", "message")
# one, not any: generators make a union of these, and one class of all members of those
ANY_SPEC = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("TrainingSpec", "ComparisonSpec")]}
ANY_KEPT_SPEC = {"oneOf": [*ANY_SPEC["oneOf"], {"$ref": "#/components/schemas/BatchSpec"}]}


class ProgressSchema(Answer):
    descent = fields.String(metadata=says("for a comparison: the descent that is running"))
    stage = fields.String(
        validate=one_of(STAGES),
        metadata=says(
            "where a linear neuron and a network are trained: which of them this is about; refit: that the published "
            "model is being trained on all rows"
        ),
    )
    epoch = fields.Integer(allow_none=True, metadata=says("null for a batch prediction"))
    epochs = fields.Integer(allow_none=True)
    fraction = fields.Float(metadata=says("of the whole job, 0 to 1"))
    train_loss = fields.Float(
        allow_none=True,
        metadata=says(
            "in the target's units (several targets: scaled and summed); mean of the batch losses before each step of "
            "the epoch"
        ),
    )
    validation_loss = fields.Float(allow_none=True, metadata=says("at the end of the epoch"))
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
        metadata=says("whether the state is final", type="boolean"),
    )
    dataset = fields.String(required=True, attribute="dataset_id")
    model = fields.Method(
        "_model",
        required=True,
        metadata={"anyOf": [{"$ref": "#/components/schemas/ModelVersion"}, {"type": "null"}]},
    )
    progress = fields.Nested(ProgressSchema, required=True, allow_none=True)
    attempt = fields.Integer(
        required=True, metadata=says("attempts since the job last made progress; a clean stop is not counted")
    )
    priority = fields.Integer(required=True, metadata=says("among its owner's jobs, a higher one goes first"))
    created_at = TimeField(required=True)
    started_at = TimeField(required=True, allow_none=True)
    finished_at = TimeField(required=True, allow_none=True)
    error = fields.Nested(Reason, required=True, allow_none=True)

    def _model(self, job: JobRow) -> dict[str, Any] | None:
        return None if job.model_version is None else {"name": job.called_model, "version": job.model_version}


class WaitingSchema(Answer):
    """Why a job waits."""

    lane = fields.String(
        required=True,
        validate=one_of(LANES),
        metadata=says("short: expected to end soon; short work also has processes reserved for it"),
    )
    before = fields.Integer(
        required=True,
        metadata=says("jobs of the same lane that go first, by priority and owners' turns; 1000 means 1,000 or more"),
    )
    running = fields.Integer(required=True, metadata=says("running jobs; 1000 means 1,000 or more"))
    why = fields.String(required=True)


class JobSchema(JobFields):
    spec = fields.Raw(required=True, metadata=ANY_KEPT_SPEC)
    waiting = fields.Nested(WaitingSchema, metadata=says("for a queued job, and only from GET /v1/jobs/{id}"))


class ListedJob(JobFields):
    """A job as a list has it: without its spec, and so without the metadata in it; `GET /v1/jobs/{id}` has both."""

    model_name = fields.Function(
        lambda job: job.called_model or None,
        required=True,
        metadata=says("the spec's target; null if it has none", type=["string", "null"]),
    )


class EventSchema(Answer):
    seq = fields.Integer(required=True)
    at = TimeField(required=True)
    type = fields.String(required=True, validate=one_of(EVENT_TYPES))
    data = fields.Dict(required=True)


class Events(Answer):
    data = fields.List(fields.Nested(EventSchema), required=True)
    next = fields.Integer(required=True, metadata=says("pass it as ?after= to continue from here"))
    is_terminal = fields.Boolean(
        required=True, metadata=says("whether the job has ended and these are its last events")
    )
