"""JSON bodies: read strictly, with the place of whatever is wrong."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
import orjson
from flask import Request

from service.api.http.bodies import Limit, read
from service.api.http.places import place_in
from service.domain.spec.fields import flatten
from service.errors import BodyMalformed, BodyTooLarge, FieldError, InputInvalid, MediaTypeUnsupported
from service.settings import Settings

DEEPEST = 100  # levels of a document that is kept; what it is written with stops at about 1000
BOM = b"\xef\xbb\xbf"
_NOT_JSON = re.compile(rb"-?(NaN|Infinity)")


def body_limit(settings: Settings) -> Limit:
    """The limit of every body that has none of its own."""
    return _limit(settings, settings.max_body_bytes, "ADALINE_MAX_BODY_BYTES")


def rows_limit(settings: Settings) -> Limit:
    """The limit of a JSON document to predict from."""
    return _limit(
        settings, settings.max_json_bytes, "ADALINE_MAX_JSON_BYTES", "split it into several requests, or send a table"
    )


def spec_limit(settings: Settings) -> Limit:
    """The limit of a job's spec."""
    mend = "a spec holds only column names and settings; keep large data elsewhere"
    return _limit(settings, settings.max_spec_bytes, "ADALINE_MAX_SPEC_BYTES", mend)


def document_limit(settings: Settings) -> Limit:
    """The limit of any other JSON document."""
    mend = "the fields of this request need far less"
    return _limit(settings, settings.max_document_bytes, "ADALINE_MAX_DOCUMENT_BYTES", mend)


def _limit(settings: Settings, most: int, setting: str, mend: str = "split it into several requests") -> Limit:
    if settings.max_body_bytes < most:
        most, setting = settings.max_body_bytes, "ADALINE_MAX_BODY_BYTES"
    return Limit(most, most, settings.max_decompression_ratio, setting, setting, mend)


def is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def read_object(request: Request, limit: Limit) -> dict[str, Any]:
    """The JSON object of a request's body, held to its limit before it is parsed.

    Raises BodyMalformed, InputInvalid, MediaTypeUnsupported, BodyTooLarge.
    """
    if request.mimetype and not is_json(request.mimetype):
        raise MediaTypeUnsupported(f"{request.mimetype} is not supported here; send Content-Type: application/json")
    data = read(request, limit)
    if data and not request.mimetype:
        raise MediaTypeUnsupported("Content-Type is missing; send Content-Type: application/json")
    document = as_object(parse(data))
    if _is_deeper(document, DEEPEST):
        raise InputInvalid.at("", f"the body is nested more than {DEEPEST} levels deep; flatten it")
    return document


def as_object(document: Any) -> dict[str, Any]:
    """The document, if it is an object. Raises InputInvalid."""
    if not isinstance(document, dict):
        raise InputInvalid.at("", "the body must be a JSON object: {…}")
    return document


def load(schema: type[ma.Schema], document: dict[str, Any]) -> Any:
    """The document as a schema reads it. Raises InputInvalid that points at every field that is wrong."""
    try:
        return schema().load(document)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it untyped
        errors = flatten(messages)
        raise InputInvalid(f"{errors[0].pointer or 'the body'}: {errors[0].detail}", errors) from None


def parse_rows(data: bytes, settings: Settings) -> Any:
    """A document to predict from, held to its limits first. Raises BodyMalformed, BodyTooLarge."""
    check_size(data, settings)
    return parse(data)


def check_size(data: bytes, settings: Settings) -> None:
    """Objects and lists are counted: as Python's each is some 30 times what it is as JSON. Raises BodyTooLarge."""
    most, held = settings.max_json_containers, data.count(b"{") + data.count(b"[")
    if held > most:
        raise BodyTooLarge(
            f"the document has {held:,} objects and lists; at most {most:,} are allowed "
            "(ADALINE_MAX_JSON_CONTAINERS); split it into several requests, or send a "
            "table: CSV, JSON lines, Arrow, Parquet"
        )
    if len(data) > settings.max_json_bytes:
        raise rows_limit(settings).too_large()


def parse(data: bytes) -> Any:
    """The document of its bytes. Raises BodyMalformed that says where it stops being JSON."""
    data = data.removeprefix(BOM)
    if not data.strip():
        raise BodyMalformed("the body is empty; send a JSON object")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _malformed(data, error) from None


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer("records", 3, "a/b")
    '/records/3/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _malformed(data: bytes, error: orjson.JSONDecodeError) -> BodyMalformed:
    try:
        data.decode()
    except UnicodeDecodeError as undecodable:
        line = data.count(b"\n", 0, undecodable.start) + 1
        return BodyMalformed(
            f"the body is not UTF-8 at byte {undecodable.start} (line {line}); JSON must be sent as UTF-8"
        )
    where = f"line {error.lineno}, column {error.colno}"
    at = len(error.doc[: error.pos].encode())
    if word := _NOT_JSON.match(data, max(at - 1, 0)) or _NOT_JSON.match(data, at):
        place = place_in(data, word.start())
        detail = f"{word[0].decode()} is not JSON; send null for a missing value"
        return BodyMalformed(f"{place or where}: {detail}", [FieldError(place, detail)])
    return BodyMalformed(f"the body is not JSON: {error.msg} at {where}")


def _is_deeper(document: Any, levels: int) -> bool:
    """Level by level: only what holds something is looked into, and no path is built for it."""
    level = [document]
    for _ in range(levels):
        level = [
            below
            for value in level
            for below in (value.values() if isinstance(value, dict) else value)
            if isinstance(below, dict | list)
        ]
    return any(level)
