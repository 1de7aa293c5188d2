"""Queries on what owners may have, and what they have."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.store.tables import DatasetRow, JobRow, OwnerRow, VersionRow

WAITS = ("queued", "paused")


@dataclass(frozen=True, slots=True)
class Used:
    """What an owner has. Bytes are those of uploads, of versions' files and of batch predictions' results."""

    stored_bytes: int
    datasets: int
    queued_jobs: int
    running_jobs: int


def own(session: Session, owner: str) -> dict[str, int]:
    """The limits that an owner has instead of the usual ones."""
    return session.scalar(select(OwnerRow.limits).where(OwnerRow.id == owner)) or {}


def hold_owner(session: Session, owner: str) -> None:
    """Nobody else adds to what the owner has before this transaction ends."""
    session.execute(select(OwnerRow.id).where(OwnerRow.id == owner).with_for_update())


def count_datasets(session: Session, owner: str) -> int:
    return session.scalar(select(func.count()).where(DatasetRow.owner == owner)) or 0


def count_jobs(session: Session, owner: str, states: tuple[str, ...]) -> int:
    return session.scalar(select(func.count()).where(JobRow.owner == owner, JobRow.state.in_(states))) or 0


def stored_bytes(session: Session, owner: str) -> int:
    uploaded = session.scalar(select(func.sum(DatasetRow.bytes)).where(DatasetRow.owner == owner)) or 0
    predicted = select(JobRow.result["bytes"].as_integer()).where(
        JobRow.owner == owner, JobRow.kind == "predict", JobRow.state == "succeeded"
    )
    files = session.scalars(select(VersionRow.files).where(VersionRow.owner == owner))
    versions = sum(int(file["bytes"]) for one in files for file in one.values())
    return int(uploaded) + sum(size or 0 for size in session.scalars(predicted)) + versions


def used(session: Session, owner: str) -> Used:
    return Used(
        stored_bytes(session, owner),
        count_datasets(session, owner),
        count_jobs(session, owner, WAITS),
        count_jobs(session, owner, ("running", "cancelling")),
    )
