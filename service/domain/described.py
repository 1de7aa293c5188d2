"""Records that describe themselves: from its fields a record is written as JSON, and the OpenAPI document told of it.

A field's words stand in its type: `gap: Annotated[float, "loss less optimum_loss"]`; beside them `As` says where JSON
differs from the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class As:
    """How a field is in JSON: under another `key`; left out where it is None, not null; never there; an example."""

    key: str | None = None
    omits_none: bool = False
    hidden: bool = False
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """A field of a record: its name there and its key in JSON, its type without annotations, its words; whether it is
    left out where it is None."""

    name: str
    key: str
    type: Any
    words: str
    omits_none: bool
    example: str | None


def described(record: type) -> tuple[Described, ...]:
    """The fields of a dataclass that JSON has, in their order."""
    if record not in _read:
        hints = get_type_hints(record, include_extras=True)
        read = ((field.name, *_taken_apart(hints[field.name])) for field in fields(record))
        _read[record] = tuple(
            Described(name, way.key or name, type, words, way.omits_none, way.example)
            for name, type, words, way in read
            if not way.hidden
        )
    return _read[record]


PLAIN = (float, int, str, type(None))

_read: dict[type, tuple[Described, ...]] = {}  # hints are told slowly


def _taken_apart(hint: Any) -> tuple[Any, str, As]:
    type, extras = (hint, ()) if get_origin(hint) is not Annotated else (get_args(hint)[0], get_args(hint)[1:])
    words = next((extra for extra in extras if isinstance(extra, str)), "")
    return type, words, next((extra for extra in extras if isinstance(extra, As)), As())


def document(value: Any) -> Any:
    """A record, or what holds some, as JSON has it: dicts, lists and plain values. A list holds one kind of thing."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple):
        return list(value) if not value or isinstance(value[0], PLAIN) else [document(one) for one in value]
    if isinstance(value, Mapping):
        return {key: document(one) for key, one in value.items()}
    written = [(field, getattr(value, field.name)) for field in described(type(value))]
    return {field.key: document(one) for field, one in written if one is not None or not field.omits_none}
