"""What the database says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url

import service.store
from service.doctor.findings import Finding, Patient
from service.domain.access.loopback import is_loopback
from service.errors import AdalineError
from service.store.access import keys
from service.store.session import Database

MIGRATIONS = Path(service.store.__file__).parent / "migrations"
MOST_SKEW_SECONDS = 5.0  # leases last tens of seconds, and end by the clock of whoever looks


def database(patient: Patient) -> Iterator[Finding]:
    """The database: whether it answers, is of this version, and has the same time"""
    url = make_url(patient.settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return  # nothing was started here yet
    opened = Database(patient.settings.resolved_database_url)
    try:
        if opened.engine.dialect.name == "postgresql":
            yield from _clock(opened, patient)
        other = [*_revision(opened)]
        yield from other or _keys(opened, patient)
    except AdalineError as error:
        yield Finding(
            "database_unreachable",
            "broken",
            f"{error.detail} (ADALINE_DATABASE_URL)",
            "start it, and check host, port, user and password of the URL",
        )
    finally:
        opened.close()


CHECKS = (database,)


def _revision(opened: Database) -> Iterator[Finding]:
    with opened.read() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = [script.revision for script in scripts.walk_revisions()]  # newest first
    if found == known[0]:
        return
    if found is None or found in known:
        yield Finding(
            "database_behind",
            "broken",
            f"the database has the tables of revision {found or 'none'}, and this version needs {known[0]}",
            "restart one part of this version (adaline api, worker or sweep): it migrates the database when it starts",
        )
    else:
        yield Finding(
            "database_ahead",
            "broken",
            f"the database has revision {found}, which this version does not know: a newer one has migrated it",
            "update this part to the version of the others, or restore the backup from before the update",
        )


def _keys(opened: Database, patient: Patient) -> Iterator[Finding]:
    if is_loopback(patient.settings.host):
        return
    with opened.read() as session:
        if keys.exist(session):
            return
    yield Finding(
        "no_key",
        "unsafe",
        f"the API is to listen on {patient.settings.host}, and there is no key: nobody could be told from anybody",
        "adaline keys create --scopes admin",
    )


def _clock(opened: Database, patient: Patient) -> Iterator[Finding]:
    with opened.read() as session:
        session.execute(text("SELECT 1"))  # it is connected then
        before = patient.machine.clock()
        theirs = session.scalar(text("SELECT clock_timestamp()"))
    yield from skewed("database", before, theirs, patient.machine.clock())


def skewed(whose: str, before: datetime, theirs: datetime, after: datetime) -> Iterator[Finding]:
    """The finding of a clock that said `theirs` at some moment between two of this machine's."""
    seconds = max((theirs - after).total_seconds(), 0.0) or min((theirs - before).total_seconds(), 0.0)
    if abs(seconds) <= MOST_SKEW_SECONDS:
        return
    yield Finding(
        "clock_skew",
        "broken",
        f"the {whose}'s clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's: leases "
        "end too early or too late",
        "keep both by NTP (systemctl enable --now systemd-timesyncd, or chrony)",
    )
