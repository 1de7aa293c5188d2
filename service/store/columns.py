"""What the tables are made of: their root, times, documents, and what makes a row work that can be claimed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, String, Table, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.domain.jobs.lanes import LONG


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both backends: SQLite stores it without a zone, PostgreSQL with one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


Json = dict[str, Any]


class Row(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own hook)
        datetime: UtcTime(),
        Json: JSON(none_as_null=True),
        list[Json]: JSON(none_as_null=True),
        int: BigInteger(),
    }


def table_of(row: type[Any]) -> Table:
    """The table of a class of rows, for statements without its objects."""
    return Row.metadata.tables[row.__tablename__]


class Work:
    """Columns of a row that a worker claims."""

    attempt: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(200))
    sent_at: Mapped[datetime | None]
    lane: Mapped[str] = mapped_column(String(8), default=LONG, server_default=LONG)
