"""What lists load of rows that may be long: two hundred of them would be hundreds of megabytes.

The database itself leaves out the rest, so that nobody reads it only to throw it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array
from sqlalchemy.orm import Session, defer, with_expression
from sqlalchemy.sql.base import ExecutableOption

from service.domain.model.version_comparison import SPLITS
from service.store.filters import holds_nul
from service.store.tables import DatasetRow, VersionRow, table_of

KIB = 1024
LISTED = 16 * KIB  # characters of a document that a list tells whole: some seventy columns of a table
LONG_METRICS = [(part, name) for part in SPLITS for name in ("confusion", "by_target")]


def of_datasets() -> list[ExecutableOption]:
    """In place of `columns`, `listed_columns`, None where they are long, and `listed_count`, how many there are."""
    columns = table_of(DatasetRow).c.columns
    return [
        defer(DatasetRow.columns, raiseload=True),
        with_expression(DatasetRow.listed_columns, _where_short(columns)),
        with_expression(DatasetRow.listed_count, func.json_array_length(columns)),
    ]


def of_versions(session: Session) -> list[ExecutableOption]:
    """No spec and no metadata; in place of `features` and `metrics`, `listed_features`, None where they are long, and
    `listed_metrics`, without confusion matrices and figures by target where they would be."""
    features, metrics = table_of(VersionRow).c.features, table_of(VersionRow).c.metrics
    untold = (VersionRow.spec, VersionRow.metadata_, VersionRow.features, VersionRow.metrics)
    return [
        *(defer(column, raiseload=True) for column in untold),
        with_expression(VersionRow.listed_features, _where_short(features)),
        with_expression(VersionRow.listed_metrics, _shortened(session, metrics, LONG_METRICS)),
    ]


def _where_short(document: ColumnElement[Any]) -> ColumnElement[Any]:
    """The document; NULL for a long one."""
    return case((_is_short(document), document))


def _shortened(session: Session, document: ColumnElement[Any], paths: Sequence[tuple[str, ...]]) -> ColumnElement[Any]:
    """The document; a long one without what it has at these paths of our own."""
    without = _without_json if session.get_bind().dialect.name == "sqlite" else _without_jsonb
    return case((_is_short(document), document), else_=without(document, paths))


def _without_json(document: ColumnElement[Any], paths: Sequence[tuple[str, ...]]) -> ColumnElement[Any]:
    places = ["$." + ".".join(path) for path in paths]
    return func.json_remove(document, *places, type_=JSON(none_as_null=True))


def _without_jsonb(document: ColumnElement[Any], paths: Sequence[tuple[str, ...]]) -> ColumnElement[Any]:
    rest: ColumnElement[Any] = cast(document, JSONB)
    for path in paths:
        rest = rest.op("#-")(cast(array(path), ARRAY(Text)))
    return case((holds_nul(document), document), else_=cast(rest, JSON(none_as_null=True)))


def _is_short(document: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.length(cast(document, Text)) <= LISTED
