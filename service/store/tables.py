"""The database, table by table. Times are UTC; documents are JSON. Whatever somebody made has its owner in the row, or
belongs to a row that has (the events of a job).

Datasets and jobs are work: each row carries its own lease (`fence`, `lease_until`), its last claim and who made it,
attempts, the lane that it waits in and the time of its last wake-up, so that the truth about who may write is where the
data is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Double, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression

from service.domain.access.owners import DEFAULT_OWNER
from service.store.columns import Json, Row, UtcTime, Work, table_of

__all__ = ["Json", "Row", "UtcTime", "Work", "table_of"]  # with the tables below

QUEUED, RUNNING = text("state = 'queued'"), text("state IN ('running', 'cancelling')")  # of partial indexes


class OwnerRow(Row):
    """Somebody whose things nobody else sees: a person, a team or a program."""

    __tablename__ = "owners"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    limits: Mapped[Json | None]
    created_at: Mapped[datetime]


class KeyRow(Row):
    """A key: its secret's hash, whose it is, and what it opens."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), ForeignKey("owners.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON(none_as_null=True))
    limits: Mapped[Json | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SecretRow(Row):
    """What only this installation's processes know, by what it is for."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


class DatasetRow(Work, Row):
    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), server_default=DEFAULT_OWNER)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    fingerprint: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    options: Mapped[Json]
    rows: Mapped[int | None]
    rejected_rows: Mapped[int | None]
    dialect: Mapped[Json | None]
    columns: Mapped[list[Json] | None]
    table_key: Mapped[str | None] = mapped_column(String(64))
    profile_key: Mapped[str | None] = mapped_column(String(64))
    gram_key: Mapped[str | None] = mapped_column(String(64))
    rejects_key: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[Json | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("owner", "fingerprint", name="uq_datasets_owner_fingerprint"),
        Index("ix_datasets_owner_id", "owner", "id"),
        Index("ix_datasets_state", "state"),
    )

    listed_columns: Mapped[list[Json] | None] = query_expression()
    listed_count: Mapped[int | None] = query_expression()
    """What a list tells, in place of the columns."""

    @property
    def column_count(self) -> int | None:
        return None if self.columns is None else len(self.columns)


class JobRow(Work, Row):
    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), server_default=DEFAULT_OWNER)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    reuse_key: Mapped[str | None] = mapped_column(String(64))
    spec: Mapped[Json]
    dataset_id: Mapped[str] = mapped_column(String(64), index=True)
    model_name: Mapped[str] = mapped_column(String(100), index=True)
    model_owner: Mapped[str | None] = mapped_column(String(64))  # of a model that another shares; None: its own
    model_version: Mapped[int | None]
    progress: Mapped[Json | None]
    checkpoint_key: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    worked_seconds: Mapped[float] = mapped_column(Double, default=0.0, server_default="0")

    __table_args__ = (
        Index("ix_jobs_state_lane", "state", "lane", "id"),
        Index("ix_jobs_owner_id", "owner", "id"),
        # in a lane by owner: whose turn it is, and a job's place, are found in the index alone
        Index("ix_jobs_turn", "lane", "owner", "priority", "id", sqlite_where=QUEUED, postgresql_where=QUEUED),
        Index("ix_jobs_running", "owner", sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index("ix_jobs_owner_claimed_at", "owner", "claimed_at"),
        Index("ix_jobs_owner_reuse_key", "owner", "reuse_key"),
    )

    @property
    def called_model(self) -> str:
        """The model's name to who has the job: another's has its owner in it."""
        return self.model_name if self.model_owner is None else f"{self.model_owner}/{self.model_name}"


class EventRow(Row):
    __tablename__ = "events"

    job_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(16))
    data: Mapped[Json]

    __table_args__ = (ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),)


class ModelRow(Row):
    __tablename__ = "models"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    last_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class VersionRow(Row):
    __tablename__ = "versions"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(String(64), unique=True)
    dataset_id: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(16))
    target: Mapped[str | list[str]] = mapped_column(JSON(none_as_null=True))
    features: Mapped[list[Json]]
    metrics: Mapped[Json]
    files: Mapped[Json]
    spec: Mapped[Json]
    metadata_: Mapped[Json] = mapped_column("metadata")  # the name itself is SQLAlchemy's
    created_at: Mapped[datetime]

    __table_args__ = (ForeignKeyConstraint(["owner", "model_name"], ["models.owner", "models.name"]),)

    listed_features: Mapped[list[Json] | None] = query_expression()
    listed_metrics: Mapped[Json | None] = query_expression()
    """What a list tells, in place of both."""


class AliasRow(Row):
    __tablename__ = "aliases"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    alias: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int]
    revision: Mapped[int]
    updated_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(
            ["owner", "model_name", "version"], ["versions.owner", "versions.model_name", "versions.version"]
        ),
    )


class ShareRow(Row):
    """That another owner (`grantee`) may predict with a model."""

    __tablename__ = "shares"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    grantee: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["owner", "model_name"], ["models.owner", "models.name"], ondelete="CASCADE"),
    )


class RegistryRow(Row):
    """A number for those who hold rows in memory: of 1 (MODELS) every transaction on versions, aliases and shares
    raises it, of 2 (KEYS) every one on keys."""

    __tablename__ = "registry"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


class AnswerRow(Row):
    """The first answer to an owner's request that carried an Idempotency-Key."""

    __tablename__ = "answers"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(String(64))
    body: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(index=True)
