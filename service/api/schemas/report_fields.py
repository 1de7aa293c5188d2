"""Fields that the schemas of a report are made of. A part that does not apply is null."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.schemas.answer import Answer, says

LABEL = {"type": ["string", "number", "boolean"]}
NUMBERS = {"type": "array", "items": {"type": "number"}}


def part(schema: type[Answer], what: str = "") -> fields.Nested:
    return fields.Nested(schema, allow_none=True, metadata=says(what))


def parts(schema: type[Answer], what: str = "") -> fields.List[Any]:
    return fields.List(fields.Nested(schema), allow_none=True, metadata=says(what))


def numbers(what: str = "") -> fields.List[Any]:
    return fields.List(fields.Float(), metadata=says(what))


def number(what: str = "") -> fields.Float:
    return fields.Float(allow_none=True, metadata=says(what))


def figures(what: str, **more: Any) -> fields.Dict:
    return fields.Dict(allow_none=True, metadata=says(what, **more))
