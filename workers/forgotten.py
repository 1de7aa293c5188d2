"""Leases that end too late to be true, after a clock was put back: they hold only as long as somebody renews them.

A worker that lives renews its lease at a third of its length, by the clock as it is now. Of one that died before the
clock was put back, the lease would hold for as long as the clock went back. So it is measured here by a clock that
nobody sets.
"""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy.orm import Session

from service.store import work
from service.store.tables import DatasetRow, JobRow
from service.store.work import AnyWork


class Forgotten:
    """What was seen held at earlier looks, and since when."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._seen: dict[type[JobRow] | type[DatasetRow], dict[tuple[str, int, datetime | None], float]] = {}

    def among(self, session: Session, table: type[AnyWork]) -> list[AnyWork]:
        """Rows whose lease ends later than one taken now, and was not renewed for as long as a lease is."""
        moment = time.monotonic()
        before = self._seen.get(table, {})
        rows = {
            (row.id, row.fence, row.lease_until): row for row in work.held_long(session, table, self._lease_seconds)
        }
        self._seen[table] = {key: before.get(key, moment) for key in rows}
        return [row for key, row in rows.items() if moment - self._seen[table][key] > self._lease_seconds]
