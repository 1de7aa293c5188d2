"""The OpenAPI 3.1 document, made from the views and their schemas."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from service.api import problems, schemas
from service.api.filters import document_prefixed
from service.api.preview_schemas import Preview
from service.domain.batch import BatchSpecSchema
from service.domain.comparison_schema import ComparisonSpecSchema
from service.domain.fields import OneOrSeveral, OneOrWords
from service.domain.spec_schema import TrainingSpecSchema

TITLE = "Adaline"
BODIES = (TrainingSpecSchema, ComparisonSpecSchema, BatchSpecSchema)
DESCRIPTION = (
    "Trains and serves linear neurons and small networks on tables. Upload a CSV, post a training spec, follow the "
    "job, predict.\n\nErrors are RFC 9457 problems (`application/problem+json`) with a stable `code`; lists are "
    "`{data, has_more, next}`; times are RFC 3339 in UTC."
)


class DocumentedApi(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest's Api with our problems in the place of its errors."""

    DEFAULT_ERROR_RESPONSE_NAME = "DEFAULT_ERROR"
    ERROR_SCHEMA = schemas.Problem

    def __init__(self, app: Flask, version: str) -> None:
        app.config.update(API_TITLE=TITLE, API_VERSION=version, OPENAPI_VERSION="3.1.0")
        super().__init__(app, spec_kwargs={"info": {"description": DESCRIPTION}, "marshmallow_plugin": _plugin()})
        self.ma_plugin.converter.add_attribute_function(_one_or_words)
        self.ma_plugin.converter.add_attribute_function(_one_or_several)
        self.ma_plugin.converter.add_parameter_attribute_function(document_prefixed)
        self.spec.components.schema("ClassPrediction", schema=schemas.ClassPrediction)
        self.spec.components.schema("Preview", schema=Preview)
        for schema in BODIES:  # documented by their names
            self.spec.components.schema(_name(schema), schema=schema)

    def document(self) -> dict[str, Any]:
        """The document as plain data."""
        document: dict[str, Any] = orjson.loads(orjson.dumps(self.spec.to_dict()))
        return document

    def _register_responses(self) -> None:
        described = {status.name: status.phrase for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
        for name, description in {**described, "DEFAULT_ERROR": "Something else is wrong"}.items():
            content = {problems.MEDIA_TYPE: {"schema": schemas.Problem}}
            self.spec.components.response(name, {"description": description, "content": content}, lazy=True)

    def _register_error_handlers(self) -> None:
        """Ours are registered by service.api.problems."""


def _plugin() -> MarshmallowPlugin:
    return MarshmallowPlugin(schema_name_resolver=_name)


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _one_or_words(self: Any, field: ma.fields.Field[Any], **_: Any) -> dict[str, Any]:
    """`"auto"` or a number, as two alternatives."""
    if not isinstance(field, OneOrWords):
        return {}
    nothing = [{"type": "null"}] if field.allow_none else []
    return {"anyOf": [{"type": "string", "enum": list(field.words)}, self.field2property(field.inner), *nothing]}


def _one_or_several(self: Any, field: ma.fields.Field[Any], **_: Any) -> dict[str, Any]:
    """One, or a list of such, as two alternatives."""
    if not isinstance(field, OneOrSeveral):
        return {}
    one = self.field2property(field.inner)
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": field.most, "uniqueItems": True}]}
