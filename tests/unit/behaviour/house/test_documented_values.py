"""What the document says that a field of a request may be is what is read, at its bounds and beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest
from jsonschema import Draft202012Validator

from service.api.app import bare_app
from service.api.operators.owners import LimitsRequest
from service.api.schemas.keys import KeyRequest, SignInRequest
from service.api.schemas.models import AliasTarget, VersionPatch
from service.api.schemas.webhooks import WebhookRequest
from service.domain.jobs.batch import BatchSpecSchema
from service.domain.jobs.comparison_schema import ComparisonSpecSchema
from service.domain.spec.schema import TrainingSpecSchema

_, DOCUMENT = bare_app()
SCHEMAS = DOCUMENT["components"]["schemas"]
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "minLength")
ANYWHERE: tuple[Any, ...] = (None, True, 0, 1, 2.0, 1.5, -1, 10**30, 1e300, "", "1", "auto", "x", [], ["a"], [1], {})
# what the use of a key or a webhook says of these, their schemas leave to it
TOLD_BY_USE = {"KeyRequest.owner", "KeyRequest.scopes", "KeyRequest.expires_at", "WebhookRequest.events"}
REQUESTS = {
    "TrainingSpec": TrainingSpecSchema, "ComparisonSpec": ComparisonSpecSchema, "BatchSpec": BatchSpecSchema,
    "KeyRequest": KeyRequest, "SignInRequest": SignInRequest, "WebhookRequest": WebhookRequest,
    "AliasTarget": AliasTarget, "VersionPatch": VersionPatch, "LimitsRequest": LimitsRequest,
}  # fmt: skip


def bounds(node: Any) -> Iterator[float]:
    if isinstance(node, list):
        for item in node:
            yield from bounds(item)
    if isinstance(node, dict):
        for name, value in node.items():
            if name in BOUNDS:
                yield value
            yield from bounds(value)


def values(described: dict[str, Any]) -> Iterator[Any]:
    """Of every kind that JSON has, and on both sides of each bound."""
    yield from ANYWHERE
    for bound in bounds(described):
        yield from (bound, bound - 1, bound + 1, math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf))


def fields(name: str, schema: ma.Schema) -> Iterator[tuple[str, ma.fields.Field[Any], dict[str, Any]]]:
    """Every field with what the document says of it, those of nested schemas too."""
    for key, field in schema.fields.items():
        described = SCHEMAS[name]["properties"][key]
        yield f"{name}.{key}", field, described
        inner = getattr(field, "inner", field)
        if isinstance(inner, ma.fields.Nested):
            (nested,) = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
            yield from fields(nested, inner.schema)


def is_read(field: ma.fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ma.ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", REQUESTS)
def test_a_field_reads_what_the_document_lets_it_be_and_nothing_else(name: str) -> None:
    different = []
    for place, field, described in fields(name, REQUESTS[name]()):
        if place in TOLD_BY_USE:
            continue
        validator = Draft202012Validator({**described, "components": DOCUMENT["components"]})
        different += [
            (place, value) for value in values(described) if validator.is_valid(value) != is_read(field, value)
        ]
    assert different == []
