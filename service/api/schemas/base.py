"""What the API says and takes, as marshmallow schemas: they write the answers and the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.domain.cells.kinds import KINDS
from service.domain.jobs.lanes import LANES
from service.domain.jobs.lifecycle import DATASET_STATES, JOB_KINDS, JOB_STATES, TERMINAL
from service.store.tables import JobRow

EVENT_TYPES = ("state", "epoch", "progress", "message")
# one, not any: generators make a union of these, and one class of all members of those
ANY_SPEC = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("TrainingSpec", "ComparisonSpec")]}
ANY_KEPT_SPEC = {"oneOf": [*ANY_SPEC["oneOf"], {"$ref": "#/components/schemas/BatchSpec"}]}
BY_SPLIT = {"additionalProperties": {"$ref": "#/components/schemas/Metrics"}}


class Time(fields.DateTime):
    """RFC 3339 in UTC, to the millisecond."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else rfc3339(value)


def rfc3339(moment: datetime) -> str:
    """A moment as `2026-01-31T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def says(what: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field: its description."""
    return {"description": what, **more}


def switch(what: str) -> ma.fields.Boolean:
    """A parameter of a query that is off unless it says true."""
    return ma.fields.Boolean(load_default=False, truthy={"true", "1"}, falsy={"false", "0"}, metadata=says(what))


def one_of(words: tuple[str, ...]) -> ma.validate.OneOf:
    return ma.validate.OneOf(words, error="{input} is not a choice here; use one of: {choices}")


def within(least: int, most: int) -> ma.validate.Range:
    return ma.validate.Range(least, most, error="{input} is out of range: from {min} to {max}")


class Answer(ma.Schema):
    """Something the API says. A newer server may say more: clients skip what they do not know."""

    class Meta:
        unknown = ma.EXCLUDE


class Reason(Answer):
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemError(Answer):
    pointer = fields.String(required=True, metadata=says("JSON pointer into the body, or to a parameter by its name"))
    detail = fields.String(required=True, metadata=says("what is wrong there, and what mends it"))


class Reference(Answer):
    """A job by its id, kind and state; a version by its model and number."""

    type = fields.String(required=True, validate=one_of(("job", "version")))
    id = fields.String()
    kind = fields.String()
    state = fields.String()
    model = fields.String()
    version = fields.Integer()


class Problem(Answer):
    """RFC 9457."""

    type = fields.String(required=True, metadata=says("the code, as a URN"))
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata=says("what is wrong, and what mends it"))
    instance = fields.String(required=True)
    code = fields.String(required=True, metadata=says("stable: decide by it", example="dataset_not_found"))
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))
    references = fields.List(
        fields.Nested(Reference), metadata=says("of a dataset in use: the newest jobs and versions made from it")
    )
    reason = fields.String(metadata=says("of a preview: the code that the dataset's error would have"))


class Column(Answer):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(KINDS))
    nulls = fields.Integer(required=True, metadata=says("cells that are missing"))
    distinct = fields.Integer(required=True, metadata=says("values that differ, missing cells left out"))
    minimum = fields.Raw(metadata=says("least number, or earliest time", type=["number", "string", "null"]))
    maximum = fields.Raw(metadata=says("greatest number, or latest time", type=["number", "string", "null"]))
    mean = fields.Float(allow_none=True)
    standard_deviation = fields.Float(allow_none=True)
    whole = fields.Boolean(metadata=says("every number is an integer"))
    rarest = fields.Dict(allow_none=True, metadata=says("the rarest value and its count, while values are few"))
    notes = fields.List(fields.String(), metadata=says("how it was read, and what to declare if not meant so"))


class Dataset(Answer):
    id = fields.String(required=True, metadata=says("", example="ds_01k4q2v7x8m3n5p6r9s0t1w2y3"))
    name = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(DATASET_STATES))
    sha256 = fields.String(required=True, metadata=says("of the uploaded bytes, decompressed"))
    bytes = fields.Integer(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    rejected_rows = fields.Integer(required=True, allow_none=True)
    dialect = fields.Dict(required=True, allow_none=True, metadata=says("how the file was read"))
    columns = fields.List(fields.Nested(Column), required=True, allow_none=True)
    created_at = Time(required=True)
    error = fields.Nested(Reason, required=True, allow_none=True)


class ModelVersion(Answer):
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class Progress(Answer):
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
    progress = fields.Nested(Progress, required=True, allow_none=True)
    attempt = fields.Integer(
        required=True, metadata=says("which attempt this is since the job last got further; clean stops do not count")
    )
    created_at = Time(required=True)
    started_at = Time(required=True, allow_none=True)
    finished_at = Time(required=True, allow_none=True)
    error = fields.Nested(Reason, required=True, allow_none=True)

    def _model(self, job: JobRow) -> dict[str, Any] | None:
        return None if job.model_version is None else {"name": job.model_name, "version": job.model_version}


class Waiting(Answer):
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


class Job(JobFields):
    spec = fields.Raw(required=True, metadata=ANY_KEPT_SPEC)
    waiting = fields.Nested(Waiting, metadata=says("of a queued job, where GET /v1/jobs/{id} tells it"))


class ListedJob(JobFields):
    """A job as a list has it: without its spec, and so without the metadata in it; `GET /v1/jobs/{id}` has both."""

    model_name = fields.Function(
        lambda job: job.model_name or None,
        required=True,
        metadata=says("that the spec asks for; null where it asks for none", type=["string", "null"]),
    )


class Event(Answer):
    seq = fields.Integer(required=True)
    at = Time(required=True)
    type = fields.String(required=True, validate=one_of(EVENT_TYPES))
    data = fields.Dict(required=True)


class Events(Answer):
    data = fields.List(fields.Nested(Event), required=True)
    next = fields.Integer(required=True, metadata=says("give it as ?after= to go on from here"))
    is_terminal = fields.Boolean(required=True, metadata=says("the job has ended and no event comes after these"))


class Rows(Answer):
    columns = fields.List(fields.String(), required=True)
    data = fields.List(fields.List(fields.Raw()), required=True, metadata=says("one list for each row"))
    has_more = fields.Boolean(required=True)


class ClassPrediction(Answer):
    label = fields.Raw(required=True, metadata=says("as the table wrote it", type=["string", "number", "boolean"]))
    probabilities = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


PAIR = {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2}
ADDED = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}


class Predictions(Answer):
    model = fields.Nested(ModelVersion, required=True)
    predictions = fields.List(
        fields.Raw(
            metadata={
                "oneOf": [
                    {"type": ["number", "null"]},
                    {"$ref": "#/components/schemas/ClassPrediction"},
                    {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
                ]
            },
        ),
        required=True,
        metadata=says("numbers for a regression, by target for several; a label and probabilities for classes"),
    )
    flags = fields.List(
        fields.List(fields.String()), metadata=says("with ?flags=true: each row's features unlike any in training")
    )
    intervals = fields.List(
        fields.Raw(metadata={"anyOf": [PAIR, {"type": "object", "additionalProperties": PAIR}]}),
        metadata=says("with ?intervals=: [low, high] for each row, by target for several"),
    )
    contributions = fields.List(
        fields.Raw(metadata={"anyOf": [ADDED, {"type": "object", "additionalProperties": ADDED}]}),
        metadata=says(
            "with ?contributions=true: what the intercept and each feature add for each row, by target for several, by "
            "class for more than two"
        ),
    )


class Health(Answer):
    status = fields.String(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String())
