"""Queries on datasets: of one owner, as if there were no others."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from service.domain.jobs.lifecycle import TERMINAL
from service.errors import DatasetNotFound, StorageDamaged
from service.store import work
from service.store.blobs.store import Blobs, damage_named
from service.store.filters import text_at
from service.store.listed import of_datasets
from service.store.paging import Page, page
from service.store.tables import DatasetRow, JobRow, Json, VersionRow, table_of

MOST_REFERENCES = 20
VALIDATES = ("split", "validation_dataset")
_READY = (
    select(table_of(DatasetRow).c.id)
    .where(
        DatasetRow.id.in_(bindparam("ids", expanding=True)),
        DatasetRow.owner == bindparam("of_owner"),
        DatasetRow.state == "ready",
    )
    .with_for_update(read=True)
)


def get(session: Session, owner: str, id: str, *, for_change: bool = False) -> DatasetRow:
    """The owner's dataset; with `for_change` nobody can submit a job with it until this transaction ends.

    Raises DatasetNotFound.
    """
    row = session.get(DatasetRow, id, with_for_update=for_change)
    if row is None or row.owner != owner:
        raise DatasetNotFound(f"there is no dataset {id!r}; GET /v1/datasets lists those there are")
    return row


def ingested(session: Session, owner: str, id: str) -> DatasetRow | None:
    """The owner's dataset, once it has been read or could not be. Raises DatasetNotFound."""
    return None if work.state(session, DatasetRow, owner, id) == "ingesting" else get(session, owner, id)


def count_ready(session: Session, owner: str, ids: Collection[str]) -> int:
    """How many of these are there, and ready; nobody can delete them until this transaction ends."""
    return len(session.connection().execute(_READY, {"ids": list(ids), "of_owner": owner}).all())


def by_fingerprint(session: Session, owner: str, fingerprint: str, *, for_change: bool = False) -> DatasetRow | None:
    """The owner's dataset made of the same bytes and options; with `for_change` nobody changes it meanwhile."""
    query = select(DatasetRow).where(DatasetRow.owner == owner, DatasetRow.fingerprint == fingerprint)
    return session.scalars(query.with_for_update() if for_change else query).one_or_none()


def listing(session: Session, owner: str, limit: int, after: str | None) -> Page[DatasetRow]:
    query = select(DatasetRow).options(*of_datasets()).where(DatasetRow.owner == owner)
    return page(session, query, DatasetRow.id, limit, after, lambda row: row.id)


def count_by_state(session: Session) -> dict[str, int]:
    """How many datasets there are in each state."""
    query = select(DatasetRow.state, func.count().label("n")).group_by(DatasetRow.state)
    return {row.state: row.n for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class References:
    """What was made from a dataset: unfinished jobs and versions, how many, and the newest of each."""

    n_jobs: int
    n_versions: int
    jobs: Sequence[Json]
    versions: Sequence[Json]

    def __bool__(self) -> bool:
        return self.n_jobs + self.n_versions > 0


def references(session: Session, id: str, most: int = MOST_REFERENCES) -> References:
    """What still needs the dataset, to learn from or to validate by, and what was made from it.

    A job that ends while this is asked is seen as a job, or as its version: jobs are looked at first.
    """
    needs = or_(JobRow.dataset_id == id, text_at(session, table_of(JobRow).c.spec, VALIDATES) == id)
    unfinished = select(JobRow.id, JobRow.kind, JobRow.state).where(needs, JobRow.state.not_in(TERMINAL))
    made = or_(VersionRow.dataset_id == id, text_at(session, table_of(VersionRow).c.spec, VALIDATES) == id)
    published = select(VersionRow.model_name, VersionRow.version).where(made)
    jobs = session.execute(unfinished.order_by(JobRow.id.desc()).limit(most)).all()
    n_jobs = session.scalar(select(func.count()).select_from(unfinished.subquery())) or 0
    versions = session.execute(published.order_by(VersionRow.created_at.desc()).limit(most)).all()
    return References(
        n_jobs=max(n_jobs, len(jobs)),
        n_versions=session.scalar(select(func.count()).select_from(published.subquery())) or 0,
        jobs=[{"type": "job", "id": row.id, "kind": row.kind, "state": row.state} for row in jobs],
        versions=[{"type": "version", "model": row.model_name, "version": row.version} for row in versions],
    )


@contextlib.contextmanager
def stored_table(blobs: Blobs, dataset: DatasetRow) -> Iterator[Path]:
    """The dataset's table as a local file. Raises DatasetNotFound when it has been deleted, or is while it is read;
    StorageDamaged."""
    gone = DatasetNotFound(f"dataset {dataset.id} was deleted in the meantime; upload it again to train on it")
    with contextlib.ExitStack() as stack:
        try:
            with part_named(dataset, "table"):
                path = stack.enter_context(blobs.local(dataset.table_key or ""))
        except KeyError:
            raise gone from None
        try:
            yield path
        except FileNotFoundError:
            if path.exists():
                raise
            raise gone from None


def part_named(dataset: DatasetRow, part: str) -> contextlib.AbstractContextManager[None]:
    """Damage of one of a dataset's blobs is told as that."""
    return damage_named(f"the {part} of dataset {dataset.id}", "upload the same file again, with the same options")


def is_whole(blobs: Blobs, dataset: DatasetRow) -> bool:
    """Whether all that was made of the uploaded bytes is there as it was written."""
    try:
        for key in (dataset.table_key, dataset.profile_key, dataset.gram_key, dataset.rejects_key):
            if key is not None:
                blobs.verify(key)
    except (KeyError, StorageDamaged):
        return False
    return True
