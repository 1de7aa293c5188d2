"""Webhooks and their deliveries, table by table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.columns import Json, Row


class WebhookRow(Row):
    """Where an owner wants to be told of the ends of jobs and of versions, and what signs that."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str]] = mapped_column(JSON(none_as_null=True))
    secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_webhooks_owner_id", "owner", "id"),)


class DeliveryRow(Row):
    """Something that a webhook is to be told. It is tried while it has a time at which it is due."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(32))
    body: Mapped[Json]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], ondelete="CASCADE"),
        Index("ix_deliveries_job_id", "job_id", "id"),
        Index("ix_deliveries_webhook_id", "webhook_id", "id"),
    )
