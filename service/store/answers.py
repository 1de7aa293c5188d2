"""Queries on remembered answers (Idempotency-Key)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.errors import IdempotencyKeyReused
from service.store.session import now
from service.store.tables import AnswerRow, Json


def recall(session: Session, owner: str, scope: str, key: str, fingerprint: str) -> AnswerRow | None:
    """The first answer to this key of the owner's. Raises IdempotencyKeyReused when that request had another body."""
    row = session.get(AnswerRow, (owner, scope, key))
    if row is not None and row.fingerprint != fingerprint:
        raise IdempotencyKeyReused(
            f"the Idempotency-Key {key!r} was used with another body; use a new key for a new request"
        )
    return row


def remember(
    session: Session, owner: str, scope: str, key: str, fingerprint: str, resource_id: str, body: Json
) -> None:
    asked = {"owner": owner, "scope": scope, "key": key, "fingerprint": fingerprint}
    session.add(AnswerRow(**asked, resource_id=resource_id, body=body, created_at=now()))
    session.flush()


def forget(session: Session, older_than_seconds: float) -> None:
    session.execute(delete(AnswerRow).where(AnswerRow.created_at < now() - timedelta(seconds=older_than_seconds)))
