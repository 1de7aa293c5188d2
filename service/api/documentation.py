"""The OpenAPI 3.1 document, made from the views and their schemas."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from service.api import datasets
from service.api.admission.security import SCHEMES
from service.api.filters import document_prefixed
from service.api.foreign import inference_schemas, invocation_schemas
from service.api.http import problems
from service.api.predictions import bodies as prediction_bodies
from service.api.schemas.predictions import ClassPrediction
from service.api.schemas.problems import ProblemSchema
from service.domain.jobs.batch import BatchSpecSchema
from service.domain.jobs.comparison_schema import ComparisonSpecSchema
from service.domain.spec.fields import OneOrSeveral, OneOrWords
from service.domain.spec.schema import TrainingSpecSchema

# by their names: a generator makes a class of each, and would else make up a name that is taken
BODIES: dict[str, dict[str, Any]] = {
    "UploadForm": datasets.UPLOAD_FORM,
    **prediction_bodies.SCHEMAS,
    **inference_schemas.BODIES,
    **invocation_schemas.BODIES,
}
EXAMPLES = "examples.json"  # by schema, then by what it is; `make examples` writes it
TITLE = "Adaline"
SPECS = (TrainingSpecSchema, ComparisonSpecSchema, BatchSpecSchema)
DESCRIPTION = (
    "Trains and serves linear neurons and small networks on tables. Upload a CSV, post a training spec, follow the "
    "job, predict.\n\nErrors are RFC 9457 problems (`application/problem+json`) with a stable `code`; lists are "
    "`{data, has_more, next}`; times are RFC 3339 in UTC.\n\nAny request may first be refused with 421 "
    "(`host_not_allowed`: its `Host` does not name this server; see "
    "`ADALINE_ALLOWED_HOSTS`), 400 (`host_invalid`) or, "
    "from a page of another origin, 403 (`origin_not_allowed`; see `ADALINE_ALLOWED_ORIGINS`)."
)


class DocumentedApi(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest's Api with our problems in the place of its errors."""

    DEFAULT_ERROR_RESPONSE_NAME = "DEFAULT_ERROR"
    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, version: str) -> None:
        app.config.update(API_TITLE=TITLE, API_VERSION=version, OPENAPI_VERSION="3.1.0")
        super().__init__(app, spec_kwargs={"info": {"description": DESCRIPTION}, "marshmallow_plugin": _plugin()})
        for name, scheme in SCHEMES.items():
            self.spec.components.security_scheme(name, scheme)
        self.ma_plugin.converter.add_attribute_function(_left_out_bounds)
        self.ma_plugin.converter.add_attribute_function(_one_or_words)
        self.ma_plugin.converter.add_attribute_function(_one_or_several)
        self.ma_plugin.converter.add_parameter_attribute_function(document_prefixed)
        self.spec.components.schema("ClassPrediction", schema=ClassPrediction)
        for schema in SPECS:  # documented by their names
            self.spec.components.schema(_name(schema), schema=schema)
        for name, described in BODIES.items():
            self.spec.components.schema(name, described)

    def document(self) -> dict[str, Any]:
        """The document as plain data, with what a server has answered as the examples of answers."""
        examples: dict[str, Any] = orjson.loads(files("service.api").joinpath(EXAMPLES).read_bytes())
        document: dict[str, Any] = orjson.loads(orjson.dumps(self.spec.to_dict()))
        for operations in document["paths"].values():
            for operation in operations.values():
                if isinstance(operation, dict):  # a list beside them has the path's parameters
                    operation["responses"] = _successes_first(operation["responses"])
                    _add_examples(operation["responses"], examples)
        for schema in document["components"]["schemas"].values():
            for described in schema.get("properties", {}).values():
                _say_default_in_words(described)
        return document

    def _register_responses(self) -> None:
        described = {status.name: status.phrase for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
        for name, description in {**described, "DEFAULT_ERROR": "Any other error"}.items():
            content = {problems.MEDIA_TYPE: {"schema": ProblemSchema}}
            self.spec.components.response(name, {"description": description, "content": content}, lazy=True)

    def _register_error_handlers(self) -> None:
        """Register none: the error handlers are those of service.api.http.problems."""


def _successes_first(responses: dict[str, Any]) -> dict[str, Any]:
    """What generators take an operation's first answer for: the usual one. A view names it at its top, and decorators
    run from below."""
    successes = [status for status in reversed(responses) if status < "4"]
    return {status: responses[status] for status in (*successes, *sorted(responses.keys() - set(successes)))}


def _add_examples(responses: dict[str, Any], examples: dict[str, Any]) -> None:
    for answer in responses.values():
        for content in answer.get("content", {}).values():
            name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
            if name in examples:
                content["examples"] = {what: {"value": value} for what, value in examples[name].items()}


def _say_default_in_words(described: dict[str, Any]) -> None:
    """Move a default into the description: generated clients send the keyword `default` themselves, and defaults of
    later servers would never be met."""
    if "default" in described:
        default = f"default: {orjson.dumps(described.pop('default')).decode()}"
        described["description"] = f"{described['description']}; {default}" if "description" in described else default


def _plugin() -> MarshmallowPlugin:
    return MarshmallowPlugin(schema_name_resolver=_name)


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _left_out_bounds(self: Any, field: ma.fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The bounds that a range leaves out, as such: apispec has them as if they were in it."""
    left_out = {}
    for validator in field.validators:
        if isinstance(validator, ma.validate.Range):
            if not validator.min_inclusive:
                left_out["exclusiveMinimum"] = ret.pop("minimum")
            if not validator.max_inclusive:
                left_out["exclusiveMaximum"] = ret.pop("maximum")
    return left_out


def _one_or_words(self: Any, field: ma.fields.Field[Any], **_: Any) -> dict[str, Any]:
    """`"auto"` or a number, as two alternatives."""
    if not isinstance(field, OneOrWords):
        return {}
    nothing = [{"type": "null"}] if field.allow_none else []
    return {"anyOf": [{"type": "string", "enum": list(field.words)}, self.field2property(field.inner), *nothing]}


def _one_or_several(self: Any, field: ma.fields.Field[Any], **_: Any) -> dict[str, Any]:
    """The field's schema as two alternatives: a single value, or a list of them."""
    if not isinstance(field, OneOrSeveral):
        return {}
    one = self.field2property(field.inner)
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": field.most, "uniqueItems": True}]}
