"""Numbers that changes raise, for those who hold rows in memory: who has seen one has seen all changes up to it."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from service.store.tables import RegistryRow, table_of

MODELS, KEYS = 1, 2
"""What changes: versions, aliases and shares; or keys."""
_TABLE = table_of(RegistryRow)
_RAISE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(revision=_TABLE.c.revision + 1)
    .returning(_TABLE.c.revision)
)
_REVISION = select(_TABLE.c.revision).where(_TABLE.c.id == bindparam("of"))


def revision(session: Session, of: int) -> int:
    """The number of MODELS or KEYS."""
    number: int = session.connection().scalar(_REVISION, {"of": of}) or 0
    return number


def raise_revision(session: Session, of: int) -> int:
    """Say that something may have changed, and by which number; seen once this transaction is committed. Until then
    whoever else changes it waits."""
    number: int = session.connection().scalar(_RAISE, {"of": of}) or 0
    return number
