"""Lists, newest first, by cursor. Ids are ordered by time, so the last one shown is the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list. `next` continues it; None at the end."""

    data: Sequence[T]
    next: str | None


def page(
    session: Session,
    query: Select[T],
    order: InstrumentedAttribute[Any],
    limit: int,
    after: Any | None,
    cursor: Callable[[T], str],
) -> Page[T]:
    """The next `limit` rows below `after`, by `order` descending."""
    if after is not None:
        query = query.where(order < after)
    rows = session.scalars(query.order_by(order.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, cursor(rows[-1]) if more else None)
