"""What a client sends, read by a schema; what is wrong with it, each at its place."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.spec.fields import flatten
from service.domain.spec.parts import SpecPart
from service.errors import SpecInvalid, told_by_first

_instance = functools.cache(lambda schema: schema())  # making one takes longer than reading a spec with it


def load(schema: type[SpecPart], data: Mapping[str, Any]) -> Any:
    """The spec that a schema makes. Raises SpecInvalid that points at every field that is wrong."""
    try:
        return _instance(schema).load(data)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it untyped
        errors = flatten(messages)
        raise SpecInvalid(told_by_first(errors, "the spec"), errors) from None
