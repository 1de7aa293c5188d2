"""Queries on shares: whose models another owner may predict with."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import ShareNotFound
from service.store.revisions import MODELS, raise_revision
from service.store.session import now
from service.store.tables import ShareRow


def is_shared(session: Session, owner: str, model_name: str, grantee: str) -> bool:
    """Whether the grantee may predict with the owner's model."""
    return session.get(ShareRow, (owner, model_name, grantee)) is not None


def share(session: Session, owner: str, model_name: str, grantee: str) -> ShareRow:
    """Let the grantee predict with the owner's model, in a transaction that holds it. Twice is once."""
    row = session.get(ShareRow, (owner, model_name, grantee))
    if row is None:
        row = ShareRow(owner=owner, model_name=model_name, grantee=grantee, created_at=now())
        session.add(row)
        raise_revision(session, MODELS)
    return row


def unshare(session: Session, owner: str, model_name: str, grantee: str) -> None:
    """Raises ShareNotFound."""
    row = session.get(ShareRow, (owner, model_name, grantee))
    if row is None:
        raise ShareNotFound(
            f"model {model_name!r} is not shared with {grantee!r}; GET /v1/models/{model_name}/shares lists with whom"
        )
    session.delete(row)
    raise_revision(session, MODELS)


def of_model(session: Session, owner: str, model_name: str) -> Sequence[ShareRow]:
    """With whom the owner's model is shared."""
    query = select(ShareRow).where(ShareRow.owner == owner, ShareRow.model_name == model_name)
    return session.scalars(query.order_by(ShareRow.grantee)).all()


def with_owner(session: Session, grantee: str) -> Sequence[ShareRow]:
    """What others share with this owner."""
    query = select(ShareRow).where(ShareRow.grantee == grantee)
    return session.scalars(query.order_by(ShareRow.owner, ShareRow.model_name)).all()
