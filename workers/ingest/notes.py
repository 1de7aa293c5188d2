"""What a person should know of a column: how it was read, and what to declare if that was not meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

EXACT = 2**53


def noted(columns: Sequence[Mapping[str, Any]], notes: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The columns as JSON with their notes: those of the reader, and integers that float64 cannot tell apart."""
    return [{**column, "notes": [*notes.get(column["name"], ()), *_large(column)]} for column in columns]


def _large(column: Mapping[str, Any]) -> list[str]:
    ends = [abs(end) for end in (column["minimum"], column["maximum"]) if isinstance(end, int | float)]
    if column["kind"] != "numeric" or not column["whole"] or max(ends, default=0) <= EXACT:
        return []
    return ["integers beyond 2^53 are rounded to the nearest float64; declare it categorical or text to keep them"]
