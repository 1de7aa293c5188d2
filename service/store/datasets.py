"""Queries on datasets."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from service.domain.lifecycle import TERMINAL
from service.errors import DatasetNotFound
from service.store.blobs import Blobs
from service.store.paging import Page, page
from service.store.tables import DatasetRow, JobRow

_READY = select(func.count()).where(DatasetRow.id.in_(bindparam("ids", expanding=True)), DatasetRow.state == "ready")


def get(session: Session, id: str) -> DatasetRow:
    """Raises DatasetNotFound."""
    row = session.get(DatasetRow, id)
    if row is None:
        raise DatasetNotFound(f"there is no dataset {id!r}; GET /v1/datasets lists those there are")
    return row


def count_ready(session: Session, ids: Collection[str]) -> int:
    """How many of these are there, and ready."""
    return session.connection().scalar(_READY, {"ids": list(ids)}) or 0


def by_fingerprint(session: Session, fingerprint: str) -> DatasetRow | None:
    """The dataset made of the same bytes and options."""
    return session.scalars(select(DatasetRow).where(DatasetRow.fingerprint == fingerprint)).one_or_none()


def listing(session: Session, limit: int, after: str | None) -> Page[DatasetRow]:
    return page(session, select(DatasetRow), DatasetRow.id, limit, after, lambda row: row.id)


def unfinished_jobs(session: Session, id: str) -> int:
    """How many jobs still need the dataset, to learn from or to validate by."""
    validates = JobRow.spec[("split", "validation_dataset")].as_string() == id
    needs = or_(JobRow.dataset_id == id, validates)
    query = select(func.count()).where(needs, JobRow.state.not_in(TERMINAL))
    return session.scalar(query) or 0


@contextlib.contextmanager
def table_of(blobs: Blobs, dataset: DatasetRow) -> Iterator[Path]:
    """The dataset's table as a local file. Raises DatasetNotFound when it has been deleted, or is while it is read."""
    gone = DatasetNotFound(f"dataset {dataset.id} was deleted while it was needed; upload it again to train on it")
    with contextlib.ExitStack() as stack:
        try:
            path = stack.enter_context(blobs.local(dataset.table_key or ""))
        except KeyError:
            raise gone from None
        try:
            yield path
        except FileNotFoundError:
            if path.exists():
                raise
            raise gone from None
