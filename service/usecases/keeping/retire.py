"""Retention: rows that an operator keeps for some time only (the settings `keep_…_seconds`) go when that is over.

Nothing that something else needs goes: each deletion asks again, in its own transaction. Blobs follow by themselves,
once no row names them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import aliased

from service.changes import REGISTRY, Changes
from service.domain.jobs.lifecycle import TERMINAL
from service.errors import NotFound, VersionAliased
from service.settings import Settings
from service.store import datasets
from service.store.session import Database, now
from service.store.tables import AliasRow, DatasetRow, EventRow, JobRow, VersionRow
from service.usecases.promote import delete_version

AT_ONCE = 500  # rows in a transaction: others wait for SQLite's lock
FAILED = ("failed", "cancelled")

log = structlog.get_logger(__name__)


def retire(database: Database, changes: Changes, allowed: Settings) -> None:
    """Delete what has been kept for long enough."""
    moment = now()

    def before(seconds: float) -> datetime:
        return moment - timedelta(seconds=seconds)

    counts = {}
    if seconds := allowed.keep_failed_jobs_seconds:
        counts["failed jobs"] = _failed_jobs(database, before(seconds))
    if seconds := allowed.keep_events_seconds:
        counts["jobs' events"] = _events(database, before(seconds))
    if seconds := allowed.keep_unaliased_versions_seconds:
        counts["versions"] = _versions(database, before(seconds))
        if counts["versions"]:
            changes.publish(REGISTRY)
    if seconds := allowed.keep_unused_datasets_seconds:
        counts["datasets"] = _datasets(database, before(seconds))
    for what, count in counts.items():
        if count:
            log.info("deleted, as kept for long enough", what=what, count=count)


def _failed_jobs(database: Database, before: datetime) -> int:
    query = select(JobRow.id).where(JobRow.state.in_(FAILED), JobRow.finished_at < before)
    deleted = 0
    for some in _paged(database, query, JobRow.id):
        with database.write(frees_room=True) as session:
            session.execute(delete(JobRow).where(JobRow.id.in_([id for (id,) in some]), JobRow.state.in_(FAILED)))
        deleted += len(some)
    return deleted


def _events(database: Database, before: datetime) -> int:
    """Of how many jobs. States stay: they say how a job went, and end a stream of its events."""
    is_mere = EventRow.type != "state"
    has_some = select(1).where(EventRow.job_id == JobRow.id, is_mere).exists()
    query = select(JobRow.id).where(JobRow.state.in_(TERMINAL), JobRow.finished_at < before, has_some)
    cleared = 0
    for some in _paged(database, query, JobRow.id):
        with database.write(frees_room=True) as session:
            session.execute(delete(EventRow).where(EventRow.job_id.in_([id for (id,) in some]), is_mere))
        cleared += len(some)
    return cleared


def _versions(database: Database, before: datetime) -> int:
    """Those that nothing points at: no alias, no unfinished batch prediction, and not the bare name, which is the
    newest where there is no alias `default`."""
    newer = aliased(VersionRow)
    same_model = and_(newer.owner == VersionRow.owner, newer.model_name == VersionRow.model_name)
    needed = [
        select(1).where(
            AliasRow.owner == VersionRow.owner,
            AliasRow.model_name == VersionRow.model_name,
            AliasRow.version == VersionRow.version,
        ),
        select(1).where(
            func.coalesce(JobRow.model_owner, JobRow.owner) == VersionRow.owner,
            JobRow.model_name == VersionRow.model_name,
            JobRow.model_version == VersionRow.version,
            JobRow.state.not_in(TERMINAL),
        ),
    ]
    is_newest = ~select(1).where(same_model, newer.version > VersionRow.version).exists()
    query = select(VersionRow.job_id, VersionRow.owner, VersionRow.model_name, VersionRow.version).where(
        VersionRow.created_at < before, ~or_(is_newest, *(it.exists() for it in needed))
    )
    deleted = 0
    for some in _paged(database, query, VersionRow.job_id):
        for _, owner, name, version in some:
            with contextlib.suppress(VersionAliased, NotFound):  # since it was looked at
                delete_version(database, owner, name, version)
                deleted += 1
    return deleted


def _datasets(database: Database, before: datetime) -> int:
    uses = select(1).where(
        JobRow.dataset_id == DatasetRow.id,
        or_(JobRow.state.not_in(TERMINAL), JobRow.finished_at >= before),
    )
    query = select(DatasetRow.id, DatasetRow.owner).where(
        DatasetRow.state != "ingesting", DatasetRow.created_at < before, ~uses.exists()
    )
    deleted = 0
    for some in _paged(database, query, DatasetRow.id):
        for id, owner in some:
            with contextlib.suppress(NotFound), database.write(frees_room=True) as session:
                row = datasets.get(session, owner, id, for_change=True)
                if row.state != "ingesting" and not datasets.references(session, id):
                    session.delete(row)
                    deleted += 1
    return deleted


def _paged(database: Database, query: Any, by: Any) -> Iterator[list[Any]]:
    """The rows that a query finds, some at a time; each is seen once, whatever becomes of it. `by` is its first
    column."""
    after = ""
    while True:
        with database.read() as session:
            some = list(session.execute(query.where(by > after).order_by(by).limit(AT_ONCE)))
        if not some:
            return
        yield some
        after = some[-1][0]
