"""What stands beside a body: the parameters of queries and headers, as marshmallow schemas."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from service.api.filters import MetadataQuery
from service.api.schemas.answer import one_of, says, switch, within
from service.api.schemas.requested import Requested
from service.api.uploads.options import CsvOptions
from service.domain.jobs.lifecycle import JOB_KINDS, JOB_STATES
from service.domain.spec.fields import Matches
from service.domain.spec.training import MODEL_NAME

MAX_ROWS_SHOWN = 1000
ID = r"[a-z]{2,8}_[0-9a-z]{1,40}"


class PageQuery(Requested):
    limit = fields.Integer(load_default=50, validate=within(1, 200))
    after = fields.String(
        validate=Matches(ID, error="is not a cursor; give the `next` of the previous page"),
        metadata=says("the `next` of the previous page"),
    )


class ModelsQuery(PageQuery, MetadataQuery):
    """Filters a list of models: those that have a version with the metadata."""


class VersionsQuery(PageQuery, MetadataQuery):
    after = fields.Integer(  # type: ignore[assignment]  # a number here, a word in other lists
        validate=within(1, 2**31 - 1), metadata=says("the `next` of the previous page")
    )


class CompareQuery(Requested):
    a = fields.String(required=True, metadata=says("number or alias of a version", example="1"))
    b = fields.String(required=True, metadata=says("number or alias of another version", example="default"))


class DeleteQuery(Requested):
    force = switch("true: delete it even if versions or unfinished jobs use it")


class DeleteModelQuery(Requested):
    force = switch("true: delete its versions and aliases as well: nothing is predicted with them any more")


class JobsQuery(PageQuery, MetadataQuery):
    state = fields.String(validate=one_of(JOB_STATES))
    kind = fields.String(validate=one_of(JOB_KINDS))
    model = fields.String(validate=Matches(rf"{MODEL_NAME}", error="is not a valid model name"))


class EventsQuery(Requested):
    after = fields.Integer(load_default=0, validate=within(0, 2**53), metadata=says("`seq` of the last event received"))
    wait = fields.Float(
        load_default=0.0, validate=within(0, 3600), metadata=says("seconds to wait for an event, capped by the server")
    )


class ProfileQuery(Requested):
    correlate = fields.String(
        metadata=says("a numeric column: its correlation with the others, and the best fit of a linear neuron")
    )


class RowsQuery(Requested):
    limit = fields.Integer(load_default=50, validate=within(1, MAX_ROWS_SHOWN))
    offset = fields.Integer(load_default=0, validate=within(0, 2**53))


class PredictQuery(CsvOptions):
    """What is answered for rows, and how a CSV of them is read: as the model's own file was, unless told."""

    flags = switch("name each row's features whose value is unlike any seen in training")
    on_error = fields.String(
        load_default="fail",
        validate=one_of(("fail", "null")),
        metadata=says("what to do with a row that cannot be read: fail the request, or answer null and list the row"),
    )
    echo = switch(
        "repeat the columns of a table before the outputs, cells as written; an output with the name of a column "
        "becomes predicted_<name>. Not for JSON documents"
    )
    intervals = fields.Float(
        validate=ma.validate.Range(
            0, 1, min_inclusive=False, max_inclusive=False,
            error="{input} is not a level; give a number between 0 and 1, such as 0.9",
        ),
        metadata=says(
            "for regression: an interval that contains a new row's true value with this probability, calibrated on "
            "rows not trained on",
            example=0.9,
        ),
    )  # fmt: skip
    contributions = switch(
        "for linear neurons: what each feature adds, relative to the average training row, in the target's units "
        "(log-odds for classes). Together with the intercept they add up to the prediction, before clip_predictions"
    )
    columns = fields.String(
        metadata=says(
            "the outputs to return, comma-separated, by the names and in the order of a CSV answer; quote a name that "
            "has a comma with double quotes. A JSON answer keeps its shape: predictions are always there, with the "
            "chosen targets or classes",
            example="prediction,low,high",
        )
    )


class PredictAnyQuery(PredictQuery):
    model = fields.String(metadata=says("name, name@alias or name:version; JSON names it in the body"))


class PreferHeader(Requested):
    prefer = fields.String(
        data_key="Prefer", metadata=says("RFC 7240; wait=N waits up to N seconds for the work to end")
    )


class StartHeaders(PreferHeader):
    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=Matches(r"[\x21-\x7e]{1,255}", error="must be 1 to 255 visible ASCII characters"),
        metadata=says("the same key and body return the first answer again; another body is refused"),
    )


REVISION_DIGITS = 18  # no revision of an alias has more, and Python refuses to read thousands


class MatchHeaders(Requested):
    if_match = fields.String(
        data_key="If-Match",
        metadata=says("the ETag of the alias, or *", pattern=rf'^(\*|"[0-9]{{1,{REVISION_DIGITS}}}")$'),
    )
    if_none_match = fields.String(data_key="If-None-Match", metadata=says("*: only if the alias is new"))


class RangeHeaders(Requested):
    range = fields.String(data_key="Range", metadata=says("part of the file: bytes=0-999, bytes=1000- or bytes=-500"))
    if_range = fields.String(data_key="If-Range", metadata=says("the ETag; if the file has changed, all of it is sent"))


class NewestKnownHeader(Requested):
    last_event_id = fields.String(
        data_key="Last-Event-ID", metadata=says("`seq` of the last event received, for streams")
    )
    accept = fields.String(data_key="Accept", metadata=says("text/event-stream for a stream"))
