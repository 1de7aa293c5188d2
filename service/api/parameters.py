"""What stands beside a body: the parameters of queries and headers, as marshmallow schemas."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields

from service.api.schemas import one_of, says, within
from service.domain.columns import KINDS
from service.domain.fields import Matches
from service.domain.lifecycle import JOB_KINDS, JOB_STATES
from service.domain.spec import MODEL_NAME

MAX_ROWS_SHOWN = 1000
MAX_NAME = 200
ID = r"[a-z]{2,8}_[0-9a-z]{1,40}"


class PageQuery(ma.Schema):
    limit = fields.Integer(load_default=50, validate=within(1, 200))
    after = fields.String(
        validate=Matches(ID, error="is no cursor; give the `next` of the page before"),
        metadata=says("the `next` of the page before"),
    )


class VersionsQuery(PageQuery):
    after = fields.Integer(validate=within(1, 2**31 - 1), metadata=says("`next` of the page before"))  # type: ignore[assignment]


class JobsQuery(PageQuery):
    state = fields.String(validate=one_of(JOB_STATES))
    kind = fields.String(validate=one_of(JOB_KINDS))
    model = fields.String(validate=Matches(rf"{MODEL_NAME}", error="is no name of a model"))


class EventsQuery(ma.Schema):
    after = fields.Integer(load_default=0, validate=within(0, 2**53), metadata=says("`seq` of the last one you have"))
    wait = fields.Float(
        load_default=0.0, validate=within(0, 3600), metadata=says("seconds to wait for one, capped by the server")
    )


class RowsQuery(ma.Schema):
    limit = fields.Integer(load_default=50, validate=within(1, MAX_ROWS_SHOWN))
    offset = fields.Integer(load_default=0, validate=within(0, 2**53))


class PredictQuery(ma.Schema):
    flags = fields.Boolean(load_default=False, truthy={"true", "1"}, falsy={"false", "0"})
    delimiter = fields.String(validate=one_of((",", ";", "tab")), metadata=says("of a CSV body; else found by looking"))


class PredictAnyQuery(PredictQuery):
    model = fields.String(metadata=says("name, name@alias or name:version; JSON says it in the body"))


class PreferHeader(ma.Schema):
    prefer = fields.String(data_key="Prefer", metadata=says("RFC 7240; wait=N holds the answer until the work ends"))


class StartHeaders(PreferHeader):
    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=Matches(r"[\x21-\x7e]{1,255}", error="must be 1 to 255 visible ASCII characters"),
        metadata=says("the same key and body get the first answer again; another body is refused"),
    )


class MatchHeaders(ma.Schema):
    if_match = fields.String(data_key="If-Match", metadata=says("the ETag of the alias, or *"))
    if_none_match = fields.String(data_key="If-None-Match", metadata=says("*: only a new alias"))


class NewestKnownHeader(ma.Schema):
    last_event_id = fields.String(data_key="Last-Event-ID", metadata=says("`seq`, for streams"))
    accept = fields.String(data_key="Accept", metadata=says("text/event-stream for a stream"))


class KindByColumn(fields.Field[dict[str, str]]):
    """`{"zip": "categorical"}`, as JSON in one parameter."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        try:
            kinds = orjson.loads(value)
        except orjson.JSONDecodeError:
            kinds = None
        if not isinstance(kinds, dict):
            raise ma.ValidationError('must be a JSON object of kinds by column: {"zip": "categorical"}')
        for column, kind in kinds.items():
            if kind not in KINDS:
                raise ma.ValidationError(f"{kind!r} is no kind of column ({column!r}); use one of: {', '.join(KINDS)}")
        return kinds


class UploadOptions(ma.Schema):
    """How to read an upload; what is left out is found by looking at the file."""

    name = fields.String(
        validate=Matches(rf"[^\x00-\x1f\x7f]{{1,{MAX_NAME}}}", error="must be 1 to 200 printable characters"),
        metadata=says("what to call the dataset; else the name of the file"),
    )
    delimiter = fields.String(
        validate=Matches(r"([^\x00\r\n\"A-Za-z0-9]|tab)", error='must be one character, or "tab"'),
        metadata=says('what stands between cells: one character, or "tab"'),
    )
    encoding = fields.String(
        validate=Matches(r"[A-Za-z0-9_.:-]{1,40}", error="is no name of an encoding; try utf-8"),
        metadata=says("of the text", example="utf-8"),
    )
    header = fields.Boolean(
        truthy={"true", "1"}, falsy={"false", "0"}, metadata=says("whether the first line names the columns")
    )
    types = KindByColumn(metadata=says("kind by column, as a JSON object", type="string"))
