"""What all answers of the API are made with: their root, their fields, and what is said of those."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.domain.plain import rfc3339


class TimeField(fields.DateTime):
    """RFC 3339 in UTC, to the millisecond."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else rfc3339(value)


class KeptJson(fields.Nested):
    """What is kept as JSON: answered as it is, without what its schema does not name. Marshmallow asks each value of
    each field, 0.2 s for a list of 50 tables with 300 columns."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:  # type: ignore[override]  # its name
        return None if value is None else {name: value[name] for name in self.schema.fields if name in value}


def says(what: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field: its description."""
    return {"description": what, **more}


def switch(what: str) -> ma.fields.Boolean:
    """A parameter of a query that is off unless it says true."""
    return ma.fields.Boolean(load_default=False, truthy={"true", "1"}, falsy={"false", "0"}, metadata=says(what))


def one_of(words: tuple[str, ...]) -> ma.validate.OneOf:
    return ma.validate.OneOf(words, error="{input} is not one of: {choices}")


def within(least: int, most: int) -> ma.validate.Range:
    return ma.validate.Range(least, most, error="{input} is out of range: use {min} to {max}")


class Answer(ma.Schema):
    """Something the API says. A newer server may say more: clients skip what they do not know."""

    class Meta:
        unknown = ma.EXCLUDE
