"""Queries on owners, and the end of everything that one has."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.jobs.lifecycle import TERMINAL
from service.errors import OwnerNotFound
from service.store.paging import Page, page
from service.store.revisions import KEYS, MODELS, raise_revision
from service.store.session import now
from service.store.steering.tables import WebhookRow
from service.store.tables import (
    AliasRow,
    AnswerRow,
    DatasetRow,
    JobRow,
    KeyRow,
    ModelRow,
    OwnerRow,
    ShareRow,
    VersionRow,
)

OWNED = (AliasRow, VersionRow, ShareRow, ModelRow, JobRow, DatasetRow, WebhookRow, AnswerRow)
"""What an owner has, those that refer to others first."""


def get(session: Session, owner: str, *, for_change: bool = False) -> OwnerRow:
    """Raises OwnerNotFound."""
    row = session.get(OwnerRow, owner, with_for_update=for_change)
    if row is None:
        raise OwnerNotFound(f"there is no owner {owner!r}; GET /v1/owners lists those there are")
    return row


def listing(session: Session, limit: int, after: str | None) -> Page[OwnerRow]:
    """From the end of the alphabet."""
    return page(session, select(OwnerRow), OwnerRow.id, limit, after, lambda row: row.id)


def revoke_keys(session: Session, owner: str) -> None:
    """Nobody acts for the owner any more."""
    session.execute(update(KeyRow).where(KeyRow.owner == owner, KeyRow.revoked_at.is_(None)).values(revoked_at=now()))
    raise_revision(session, KEYS)


def unfinished(session: Session, owner: str, *, is_held: bool) -> Sequence[str]:
    """Ids of the owner's jobs that have not ended, those that a worker has or those that none has; nobody else moves
    them before this transaction ends."""
    held = JobRow.lease_until.is_not(None) if is_held else JobRow.lease_until.is_(None)
    query = select(JobRow.id).where(JobRow.owner == owner, JobRow.state.not_in(TERMINAL), held).order_by(JobRow.id)
    return session.scalars(query.with_for_update()).all()


def delete_all(session: Session, owner: str) -> None:
    """Forget everything of the owner's, and the owner; the bytes go with the next tidying. The default owner stays,
    with nothing."""
    for table in OWNED:
        whose = or_(ShareRow.owner == owner, ShareRow.grantee == owner) if table is ShareRow else table.owner == owner
        session.execute(delete(table).where(whose))
    if owner != DEFAULT_OWNER:
        session.execute(delete(KeyRow).where(KeyRow.owner == owner))
        session.execute(delete(OwnerRow).where(OwnerRow.id == owner))
    raise_revision(session, MODELS)
    raise_revision(session, KEYS)
