"""What lists tell of documents that may be long: two hundred of them would be hundreds of megabytes.

The database itself leaves out the rest, so that nobody reads it only to throw it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array
from sqlalchemy.orm import Session

from service.store.filters import holds_nul

LISTED = 16 * 1024  # characters of a document that a list tells whole: some seventy columns of a table


def where_short(document: ColumnElement[Any]) -> ColumnElement[Any]:
    """The document; NULL for a long one."""
    return case((_is_short(document), document))


def shortened(session: Session, document: ColumnElement[Any], paths: Sequence[tuple[str, ...]]) -> ColumnElement[Any]:
    """The document; a long one without what it has at these paths of our own."""
    json = JSON(none_as_null=True)
    if session.get_bind().dialect.name == "sqlite":
        rest: ColumnElement[Any] = func.json_remove(document, *("$." + ".".join(path) for path in paths), type_=json)
        return case((_is_short(document), document), else_=rest)
    rest = cast(document, JSONB)
    for path in paths:
        rest = rest.op("#-")(cast(array(path), ARRAY(Text)))
    return case((_is_short(document), document), (holds_nul(document), document), else_=cast(rest, json))


def _is_short(document: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.length(cast(document, Text)) <= LISTED
