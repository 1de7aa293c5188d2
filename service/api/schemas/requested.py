"""What is asked of the API, in a body, a query or headers: the root of its schemas."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from service.domain.spec.shapes import teach


class Requested(ma.Schema):
    """Something that a client asks. What is said of a value that cannot be read is how it is written."""

    error_messages = {"unknown": "is not a field here; remove it or check its spelling"}  # noqa: RUF012  # marshmallow's

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        teach(field_obj)
        field_obj.error_messages["required"] = "is required"
