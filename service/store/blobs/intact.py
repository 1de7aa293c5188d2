"""SQLite's own look at its file, before anybody works with it."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.exc import DatabaseError

from service.errors import CannotStart
from service.store.session import Database, is_damage

LOOK_SECONDS = 5.0  # on a large file the look ends here: what it would have found later is met when it is read
LOOK_STEPS = 10_000  # of SQLite's virtual machine between looks at the clock


def check_intact(database: Database, seconds: float = LOOK_SECONDS) -> None:
    """Raises CannotStart where the file is damaged: cut off, overwritten, or not what its own lists say. SQLite
    keeps no checksums of cells: a changed letter within one is not seen. A server's database looks after itself."""
    if database.engine.dialect.name != "sqlite":
        return
    path = database.engine.url.database
    try:
        found = _found(database, time.monotonic() + seconds)
    except DatabaseError as error:
        if not is_damage(error):
            raise
        found = str(error.orig)
    if found != "ok":
        raise CannotStart(
            f"the database {path} is damaged ({found}); restore it from a backup, or recover the readable part: "
            f"sqlite3 {path} .recover | sqlite3 recovered.db, then replace the database with recovered.db"
        )


def _found(database: Database, deadline: float) -> str:
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: int(time.monotonic() > deadline), LOOK_STEPS)
        try:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        except DatabaseError:
            if time.monotonic() > deadline:
                return "ok"  # as far as it was looked at
            raise
        finally:
            driver.set_progress_handler(None, 0)
    return " ".join(str(found).split())
