"""How the value of a field is written: what is told of one that is written otherwise."""

from __future__ import annotations

import json
from typing import Any

import marshmallow as ma

from service.domain.spec.fields import OneOrSeveral, OneOrWords

Field = ma.fields.Field[Any]


def shape(field: Field) -> str:
    """A value of this field, in words and by an example, as JSON has it."""
    if isinstance(field, OneOrWords):
        return f"{' or '.join(map(json.dumps, field.words))}, or {shape(field.inner)}"
    if isinstance(field, OneOrSeveral):
        return shape(field.inner)
    if isinstance(field, ma.fields.Nested):
        return str(field.schema.error_messages["type"]).removeprefix("must be ")
    if isinstance(field, ma.fields.List):
        if isinstance(field.inner, ma.fields.Integer):
            return _such_as(field, "a list of whole numbers", [16, 8])
        return _such_as(field, "a list", ["rooms", "age"])
    if isinstance(field, ma.fields.Dict):
        return _such_as(field, "an object", {"stage": "test"} if field.value_field is None else {"yes": 2})
    if isinstance(field, ma.fields.Boolean):
        return "true or false"
    if isinstance(field, ma.fields.Integer):
        return _such_as(field, "a whole number", 20)
    if isinstance(field, ma.fields.Float):
        return _such_as(field, "a number", 0.05)
    if isinstance(field, ma.fields.DateTime):
        return _such_as(field, "a time with its zone", "2027-01-31T00:00:00Z")
    return _such_as(field, "a string", "rooms")


def _such_as(field: Field, kind: str, value: Any) -> str:
    return f"{kind}, such as {json.dumps(field.metadata.get('example', value))}"


def teach(field: Field) -> None:
    """Let a field's messages say how its value is written."""
    written = shape(field)
    told = {"invalid": f"must be {written}", "null": f"must not be null: give {written}, or leave it out"}
    if not isinstance(field, ma.fields.Nested):
        told["type"] = told["invalid"]
    if isinstance(field, ma.fields.Float):
        told["special"] = told["too_large"] = told["invalid"]
    if isinstance(field, ma.fields.DateTime):
        told["invalid_awareness"] = told["format"] = told["invalid"]
    if isinstance(field, OneOrWords | OneOrSeveral):
        del told["invalid"]
        teach(field.inner)
    if isinstance(field, OneOrWords):
        field.shape = shape(field.inner)
    if isinstance(field, ma.fields.List):
        teach(field.inner)
    if isinstance(field, ma.fields.Dict) and field.value_field is not None:
        teach(field.value_field)
    formats = {name: text.replace("{", "{{").replace("}", "}}") for name, text in told.items()}
    field.error_messages = {**field.error_messages, **formats}  # a new one: fields share theirs


def example(**fields: str) -> dict[str, str]:
    """The message of a schema for what is no object: its fields, as JSON has them."""
    written = ", ".join(f'"{name}": {value}' for name, value in fields.items())
    return {"type": f"must be an object, such as {{{written}}}"}
