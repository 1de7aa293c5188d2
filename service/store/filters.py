"""Conditions on metadata: the same meaning on SQLite and PostgreSQL, whatever characters a key or a value has.

Keys and values are bound parameters that are compared, never parts of a path or of a statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from service.domain.spec.metadata import meanings

MOST_INTEGER = 2**63  # SQLite's integers are below it; beyond, numbers are compared as its reals
NUL = r"\u0000"  # as json has it; to PostgreSQL's jsonb an error


def has(
    session: Session, document: ColumnElement[Any], wanted: Mapping[str, str], under: str | None = None
) -> list[ColumnElement[bool]]:
    """Conditions that a JSON object (or the one `under` this field of it) has all of these: by each key the string, or
    the number or boolean that the string is as JSON."""
    one = _has_jsonb if session.get_bind().dialect.name == "postgresql" else _has_json
    return [one(document, under, key, text) for key, text in wanted.items()]


def text_at(session: Session, document: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[str]:
    """The string at a path of our own in a JSON document; NULL where there is none, or nobody can look."""
    found: ColumnElement[str] = document[path].as_string()
    return found if session.get_bind().dialect.name == "sqlite" else case((holds_nul(document), null()), else_=found)


def holds_nul(document: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether PostgreSQL cannot look into the document: its jsonb has no such character."""
    return cast(document, Text).contains(NUL, autoescape=True)


def _has_jsonb(document: ColumnElement[Any], under: str | None, key: str, text: str) -> ColumnElement[bool]:
    found: ColumnElement[Any] = cast(document, JSONB)
    for step in (key,) if under is None else (under, key):
        found = found.op("->")(cast(literal(step), Text))
    values = [cast(cast(literal(json.dumps(value)), Text), JSONB) for value in meanings(text)]
    return case((holds_nul(document), false()), else_=found.in_(values))


def _has_json(document: ColumnElement[Any], under: str | None, key: str, text: str) -> ColumnElement[bool]:
    place = "$" if under is None else f"$.{under}"
    entry = func.json_each(document, place).table_valued("key", "type", "atom")
    is_one = [_is(entry.c.type, entry.c.atom, value) for value in meanings(text)]
    return select(1).select_from(entry).where(entry.c.key == key, or_(*is_one)).exists()


def _is(type: ColumnElement[Any], atom: ColumnElement[Any], value: str | int | float | bool) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return type == ("true" if value else "false")
    if isinstance(value, str):
        return and_(type == "text", atom == value)
    number = value if -MOST_INTEGER <= value < MOST_INTEGER else float(value)
    return and_(type.in_(("integer", "real")), atom == number)
