"""JSON bodies: read strictly, with the place of whatever is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import orjson
from flask import Request

from service.api.bodies import Limit, read
from service.domain.fields import flatten
from service.errors import BodyMalformed, FieldError, InputInvalid, MediaTypeUnsupported
from service.settings import Settings

DEEPEST = 100  # levels of a document that is kept; what it is written with stops at about 1000
BOM = b"\xef\xbb\xbf"
_NOT_JSON = re.compile(r"-?(NaN|Infinity)")


def body_limit(settings: Settings) -> Limit:
    """The limit of every body but an upload's."""
    most, setting = settings.max_body_bytes, "ADALINE_MAX_BODY_BYTES"
    return Limit(most, most, settings.max_decompression_ratio, setting, setting)


def is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def read_object(request: Request, settings: Settings) -> dict[str, Any]:
    """The JSON object of a request's body. Raises BodyMalformed, InputInvalid, MediaTypeUnsupported, BodyTooLarge."""
    if request.mimetype and not is_json(request.mimetype):
        raise MediaTypeUnsupported(f"{request.mimetype} is not understood here; send Content-Type: application/json")
    data = read(request, body_limit(settings))
    if data and not request.mimetype:
        raise MediaTypeUnsupported("the body has no Content-Type; send Content-Type: application/json")
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
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        errors = flatten(messages)
        raise InputInvalid(f"{errors[0].pointer or 'the body'}: {errors[0].detail}", errors) from None


def parse(data: bytes) -> Any:
    """The document of its bytes. Raises BodyMalformed that says where it stops being JSON."""
    data = data.removeprefix(BOM)
    if not data.strip():
        raise BodyMalformed("there is no body; send a JSON object")
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
        text = data.decode()
    except UnicodeDecodeError as undecodable:
        line = data.count(b"\n", 0, undecodable.start) + 1
        return BodyMalformed(
            f"the body is not UTF-8: see byte {undecodable.start} (line {line}); JSON is sent as UTF-8"
        )
    if word := _NOT_JSON.match(text, max(error.pos - 1, 0)) or _NOT_JSON.match(text, error.pos):
        place = _place_of_constant(text)
        where = place or f"line {error.lineno}, column {error.colno}"
        detail = f"{word[0]} is not JSON; send null for a missing value"
        return BodyMalformed(f"{where}: {detail}", [FieldError(place, detail)])
    return BodyMalformed(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")


class _Constant:
    """Stands for NaN or an infinity while its place is looked for."""


def _place_of_constant(text: str) -> str:
    """The pointer of the first NaN or infinity; empty when the text is no JSON for other reasons too."""
    try:
        document = json.loads(text, parse_constant=lambda _: _Constant())
    except (ValueError, RecursionError):
        return ""
    return next((pointer(*steps) for steps, value in _walk(document) if isinstance(value, _Constant)), "")


def _walk(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value with its path, in the order of the text, without recursion."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while stack:
        path, value = stack.pop()
        yield path, value
        if isinstance(value, dict):
            stack.extend(((*path, key), below) for key, below in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend(((*path, index), value[index]) for index in range(len(value) - 1, -1, -1))


def _is_deeper(document: Any, levels: int) -> bool:
    return any(len(path) > levels for path, _ in _walk(document))
