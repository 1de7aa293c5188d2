"""Filters of lists: query parameters whose names have an end of the client's own, `metadata.KEY=VALUE`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.api.schemas.answer import says
from service.api.schemas.requested import Requested

PREFIX = "metadata."
SHAPE = {"type": "object", "propertyNames": {"pattern": r"^metadata\.."}, "additionalProperties": {"type": "string"}}


class Prefixed(ma.fields.Dict):
    """All parameters with this prefix, by what follows it."""

    prefix = PREFIX


class MetadataQuery(Requested):
    """Filters a list by metadata."""

    metadata = Prefixed(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        load_default=dict,
        metadata=says(
            "metadata.KEY=VALUE: only items whose metadata has this key with this value: the string, or the number or "
            "boolean that it spells in JSON. Several filters must all match"
        ),
    )

    @ma.pre_load
    def _gathered(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """What begins with the prefix, in one field."""
        found = {name: data[name] for name in data if not name.startswith(PREFIX) and name != "metadata"}
        return {**found, "metadata": {name[len(PREFIX) :]: data[name] for name in data if name.startswith(PREFIX)}}


def document_prefixed(_: Any, field: ma.fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Parameters with a prefix, as OpenAPI 3.1 can say it: an object, exploded into a parameter for each property."""
    return {"style": "form", "explode": True, "schema": SHAPE} if isinstance(field, Prefixed) else {}
