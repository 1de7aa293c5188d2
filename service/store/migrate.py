"""Bring the database to this version's tables, once, however many processes start together; never backwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from service.errors import CannotStart
from service.store.session import Database

ADVISORY_LOCK = 0x0ADA_11E0  # any fixed number: whoever migrates holds it


def migrate(database: Database) -> None:
    """Apply what is missing, under a lock. Raises CannotStart for a database of a newer Adaline."""
    with migrating(database) as connection:
        bring(connection)


@contextlib.contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """One transaction that nobody else migrates in: under PostgreSQL's advisory lock, or SQLite's write lock.

    SQLite changes a table by making it anew and dropping the old one, which would take along the rows that refer to
    it. So references are not followed meanwhile, and all are checked at the end.
    """
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.connect().execution_options(adaline_writes=True) as connection:
        driver: Any = connection.connection.driver_connection
        if is_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF").close()  # has no effect within a transaction
        try:
            if not is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
            yield connection
            if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise CannotStart(f"the migration would leave a row of {broken[0]!r} that refers to no row")
            connection.commit()
        finally:
            connection.rollback()
            if is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON").close()


def bring(connection: Connection, revision: str | None = None) -> None:
    """Upgrade to a revision (default: this version's), in the transaction of `migrating`. Raises CannotStart for a
    database of a newer Adaline."""
    wanted = revision or newest()
    here = current(connection)
    if here == wanted:
        return
    if not knows(here):
        raise CannotStart(
            f"the database belongs to a newer Adaline (its revision is {here}, the newest known here is {newest()}), "
            "and is never taken back: install that version again, or restore a backup taken before the upgrade"
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, wanted)


def newest() -> str:
    """The revision of the tables that this version has."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def knows(revision: str | None) -> bool:
    """Whether this version can upgrade from a revision; None is a database without tables."""
    return revision is None or revision in {
        script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    }


def current(connection: Connection) -> str | None:
    """The revision of a database; None for one without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
