"""Metadata: what a client keeps with a job and its version, how it is changed, and how lists are filtered by it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.plain import walk

MOST_BYTES = 16 * 1024
NUL = "\0"


class Metadata(ma.fields.Dict):
    """An object of at most 16 KiB as JSON. Without the character NUL, which PostgreSQL cannot look into."""

    def __init__(self, **options: Any) -> None:
        super().__init__(keys=ma.fields.String(), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        read = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]  # marshmallow's
        if fault := fault_of(read):
            raise ma.ValidationError(fault)
        return read


def fault_of(metadata: Mapping[str, Any]) -> str | None:
    """Why this cannot be kept as metadata, and the mend; None for what can."""
    try:
        size = len(json.dumps(metadata, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode())
    except (ValueError, TypeError):
        return "is not JSON: numbers must be finite, and text must be Unicode"
    if size > MOST_BYTES:
        return (
            f"is {size:,} bytes as JSON, and at most {MOST_BYTES:,} are kept: store the rest elsewhere, and a link here"
        )
    if any(isinstance(text, str) and NUL in text for text in walk(metadata)):
        return r"holds the character NUL (\u0000), which cannot be stored; leave it out"
    return None


def merged(metadata: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with a JSON merge patch (RFC 7396) applied: what it names is set, and with null removed.

    >>> merged({"stage": "trial", "by": {"team": "a", "who": "b"}}, {"stage": None, "by": {"who": "c"}, "note": "n"})
    {'by': {'team': 'a', 'who': 'c'}, 'note': 'n'}
    """
    result = dict(metadata)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def meanings(text: str) -> tuple[str | int | float | bool, ...]:
    """What `?metadata.KEY=text` is equal to: the string, and the number or boolean that it is as JSON.

    >>> meanings("prod"), meanings("3"), meanings("true")
    (('prod',), ('3', 3), ('true', True))
    """
    try:
        value = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):  # an integer of thousands of digits is a ValueError too
        return (text,)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return text, value
    return (text,)
