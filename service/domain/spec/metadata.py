"""Metadata: what a client keeps with a job and its version, and how lists are filtered by it."""

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
        try:
            size = len(json.dumps(read, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode())
        except (ValueError, TypeError):
            raise ma.ValidationError("is not JSON: numbers must be finite, and text must be Unicode") from None
        if size > MOST_BYTES:
            raise ma.ValidationError(
                f"is {size:,} bytes as JSON, and at most {MOST_BYTES:,} are kept: store the rest elsewhere, and a "
                "link here"
            )
        if any(isinstance(text, str) and NUL in text for text in walk(read)):
            raise ma.ValidationError(r"holds the character NUL (\u0000), which cannot be stored; leave it out")
        return read


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
