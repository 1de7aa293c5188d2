"""Queries on keys and owners. Keys are seen to by who runs the installation, and so are those of all owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from service.errors import KeyNotFound
from service.store.paging import Page, page
from service.store.revisions import KEYS, raise_revision
from service.store.session import now
from service.store.tables import KeyRow, OwnerRow, table_of

USED_SECONDS = 60.0  # how far apart two notes of a key's use are, at the least
_TABLE = table_of(KeyRow)
_USE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("at_id"))
    .where(or_(_TABLE.c.last_used_at.is_(None), _TABLE.c.last_used_at <= bindparam("before")))
    .values(last_used_at=bindparam("used_at"))
)


def add(
    session: Session,
    owner: str,
    *,
    id: str,
    name: str,
    digest: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> KeyRow:
    """A key, and its owner where that is new."""
    if session.get(OwnerRow, owner) is None:
        session.add(OwnerRow(id=owner, created_at=now()))
        session.flush()
    row = KeyRow(
        id=id,
        owner=owner,
        name=name,
        digest=digest,
        scopes=list(scopes),
        created_at=now(),
        expires_at=expires_at,
    )
    session.add(row)
    raise_revision(session, KEYS)
    return row


def get(session: Session, id: str, *, for_change: bool = False) -> KeyRow:
    """Raises KeyNotFound."""
    row = session.get(KeyRow, id, with_for_update=for_change)
    if row is None:
        raise KeyNotFound(f"there is no key {id!r}; GET /v1/keys and `adaline keys list` list those there are")
    return row


def listing(session: Session, limit: int, after: str | None, owner: str | None = None) -> Page[KeyRow]:
    """Keys, those that are revoked or expired too; of one owner, if one is given."""
    query = select(KeyRow) if owner is None else select(KeyRow).where(KeyRow.owner == owner)
    return page(session, query, KeyRow.id, limit, after, lambda row: row.id)


def every(session: Session) -> Sequence[KeyRow]:
    """All keys, for who holds them in memory."""
    return session.scalars(select(KeyRow)).all()


def limits_of_owners(session: Session) -> dict[str, dict[str, int]]:
    """The limits of those owners who have their own."""
    found = session.execute(select(OwnerRow.id, OwnerRow.limits).where(OwnerRow.limits.is_not(None)))
    return {row.id: row.limits for row in found}


def exist(session: Session) -> bool:
    """Whether a key was ever made."""
    return session.scalar(select(KeyRow.id).limit(1)) is not None


def revoke(session: Session, row: KeyRow) -> None:
    """End a key, in a transaction that holds it. Twice is once."""
    if row.revoked_at is None:
        row.revoked_at = now()
        raise_revision(session, KEYS)


def note_uses(session: Session, used: Mapping[str, datetime]) -> None:
    """Note when keys were last used, where the last note is old."""
    apart = timedelta(seconds=USED_SECONDS)
    uses = [{"at_id": id, "used_at": at, "before": at - apart} for id, at in used.items()]
    if uses:
        session.connection().execute(_USE, uses)
