"""Restore: a backup's blobs, then its rows in one transaction, into a database and a store that have nothing yet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Table, func, select, update
from sqlalchemy.orm import Session

from service.errors import CannotStart, StorageDamaged
from service.store import jobs, migrate
from service.store.backups.manifest import FORMAT, Manifest, read_manifest
from service.store.backups.place import BackupPlace, blobs_of
from service.store.backups.rows import insert_rows
from service.store.blobs.copying import copy_blob
from service.store.blobs.store import Blobs
from service.store.session import Database
from service.store.tables import DatasetRow, JobRow
from service.usecases.keeping.back_up import CopyingTold

USERS = ("datasets", "jobs", "models", "versions")  # what a database is empty without; all else is replaced
FREED = {"state": "queued", "reason": "restored from a backup"}


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; so many blobs were not there before."""

    name: str
    manifest: Manifest
    new_blobs: int


def found(place: BackupPlace, name: str | None = None) -> tuple[str, Manifest]:
    """The backup of this name (default: the newest). Raises CannotStart where there is none, or it is of a newer
    Adaline; StorageDamaged."""
    names = place.names()
    if not names:
        raise CannotStart("there is no whole backup there; `adaline backup` takes one")
    chosen = names[-1] if name is None else name
    if chosen not in names:
        raise CannotStart(f"there is no backup {chosen!r} there; the newest is {names[-1]!r}")
    manifest = read_manifest(chosen, place.read(chosen))
    if manifest.format != FORMAT or not migrate.knows(manifest.revision):
        raise CannotStart(
            f"backup {chosen} was taken by a newer Adaline ({manifest.adaline}, revision {manifest.revision}; the "
            f"newest known here is {migrate.newest()}): restore it with that version"
        )
    return chosen, manifest


def restore(
    place: BackupPlace, name: str | None, database: Database, blobs: Blobs, told: CopyingTold = lambda done, of: None
) -> Restored:
    """Put a backup back. Work that ran when it was taken waits again. Cut off, it leaves no rows, and begins again
    where it was.

    Raises CannotStart for a database that has rows already; StorageDamaged, with nothing but blobs left behind;
    StorageFull.
    """
    chosen, manifest = found(place, name)
    with database.engine.connect() as connection:
        _check_empty(connection)
    with _missing_named(chosen):
        keys = blobs_of(place, manifest)
        new_blobs = _bring(place, blobs, keys, told)
        rows = place.blobs.open(manifest.rows)
    with contextlib.closing(rows), migrate.migrating(database) as connection:
        _check_empty(connection)
        _begin_at(connection, manifest.revision)
        if insert_rows(connection, rows) != manifest.tables:
            raise StorageDamaged(manifest.rows, f"backup {chosen}", "use another backup")
        migrate.bring(connection)
        _free(connection)
    # a sweeper that ran meanwhile saw blobs that no row named
    with _missing_named(chosen):
        _bring(place, blobs, keys, told)
    return Restored(chosen, manifest, new_blobs)


@contextlib.contextmanager
def _missing_named(backup: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        key = str(error.args[0])
        raise StorageDamaged(key, f"backup {backup} (a file is missing)", "use another backup") from None


def _bring(place: BackupPlace, blobs: Blobs, keys: list[str], told: CopyingTold) -> int:
    """Copy what is not there, or is there damaged; how many there were."""
    there = set(blobs.keys(0))
    copied = 0
    for number, key in enumerate(keys):
        told(number, len(keys))
        if key in there:
            with contextlib.suppress(KeyError, StorageDamaged):
                blobs.verify(key)
                continue
        copy_blob(place.blobs, blobs, key)
        copied += 1
    return copied


def _check_empty(connection: Connection) -> None:
    tables = _tables(connection)
    for name in USERS:
        if name in tables and connection.scalar(select(func.count()).select_from(tables[name])):
            raise CannotStart(
                f"the database has {name} already, and a backup is restored into an empty one only: choose another "
                "with ADALINE_DATA, or with ADALINE_DATABASE_URL and ADALINE_BLOBS_URL"
            )


def _begin_at(connection: Connection, revision: str) -> None:
    """Tables without rows, as they were at a revision."""
    if migrate.current(connection) != revision:
        for table in reversed(_tables(connection).values()):
            table.drop(connection)
        migrate.bring(connection, revision)
    for table in reversed(_tables(connection).values()):
        if table.name != "alembic_version":
            connection.execute(table.delete())  # what migrations have put there


def _tables(connection: Connection) -> dict[str, Table]:
    """The database's own, each after those that it refers to."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables}


def _free(connection: Connection) -> None:
    """Let wait what was being worked on, without counting the attempt, and forget what was sent."""
    with Session(bind=connection) as session:
        held = session.scalars(select(JobRow.id).where(JobRow.state == "running")).all()
        let_go = ((JobRow, "running", "queued"), (JobRow, "paused", "paused"), (DatasetRow, "ingesting", "ingesting"))
        for table, state, waits in let_go:
            running = update(table).where(table.state == state, table.lease_until.is_not(None))
            freed = {"state": waits, "lease_until": None, "fence": table.fence + 1, "attempt": table.attempt - 1}
            session.execute(running.values(freed))
            session.execute(update(table).where(table.state == waits).values(sent_at=None))
        for id in held:
            jobs.append_event(session, id, "state", FREED)
        session.flush()
