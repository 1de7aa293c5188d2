"""The engine and its sessions: SQLite in WAL for one machine, PostgreSQL for many. Nothing is made at import."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from service.errors import DatabaseUnavailable, StorageDamaged, StorageFull
from service.store.private import PRIVATE_DIRECTORY, make_private_file
from service.store.sqlite.reserve import Reserve
from service.store.sqlite.turns import Turns, begin_to_write

BUSY_SECONDS = 30
DISK_FAILURES = ("53100", "58030")  # PostgreSQL: disk_full, io_error
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in the order of its values
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


class Database:
    """Sessions on one database. `write` commits at its end or rolls back; `read` never writes.

    Both raise DatabaseUnavailable when the server does not answer, StorageFull when its disk is full.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._snapshots = self.engine
        if self.engine.dialect.name != "sqlite":  # which reads so by itself
            self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ")
        path = self.engine.url.database
        is_file = self.engine.dialect.name == "sqlite" and path and not path.startswith((":", "file:"))
        self._reserve = Reserve(Path(path or "")) if is_file else None
        self._turns = Turns() if is_file else None
        self.keep_reserve()

    def keep_reserve(self) -> None:
        """Set room aside for deleting, where a full disk has taken it and there is plenty now."""
        if self._reserve:
            self._reserve.keep()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking: all its statements see the database as it was at the first of them."""
        with _unavailable_named(), Session(self._snapshots, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextlib.contextmanager
    def write(self, *, frees_room: bool = False) -> Iterator[Session]:
        """One transaction. On SQLite it waits for its turn and takes the write lock at once, so that it never has to be
        given up midway; within it, no other may be begun.

        What `frees_room` may use, on a full disk, the room that is kept aside for that.
        """
        if frees_room and self._reserve:
            self._reserve.release_if_full()
        turn = contextlib.nullcontext() if self._turns is None else self._turns.taken(BUSY_SECONDS)
        with _unavailable_named(), turn, Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"adaline_writes": True})
            yield session
            session.commit()

    def check(self) -> None:
        """Raises DatabaseUnavailable when the database does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # text is UTF-8 whatever the server was initialised with (its default differs between packages)
        utf8 = {"client_encoding": "utf8"}
        return create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=30, connect_args=utf8)
    if parsed.database:
        Path(parsed.database).parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        if not parsed.database.startswith((":", "file:")):
            make_private_file(Path(parsed.database))  # SQLite's other files get the mode of this one
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=30)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `_begin` says, not where sqlite3 guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("adaline_writes", False):
            begin_to_write(connection.connection.cursor(), BUSY_SECONDS)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _is_disk_failure(error: OperationalError) -> bool:
    """Whether the database answers, but has no disk to write to."""
    if isinstance(error.orig, sqlite3.OperationalError):
        # the low byte is the primary code (https://www.sqlite.org/rescode.html)
        return error.orig.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
    return getattr(error.orig, "sqlstate", None) in DISK_FAILURES


def is_damage(error: DatabaseError) -> bool:
    """Whether SQLite says that its file is damaged, or none of its own."""
    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error.orig, sqlite3.DatabaseError) and error.orig.sqlite_errorcode & 0xFF in damage


@contextlib.contextmanager
def _unavailable_named() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if is_damage(error):
            mend = "restart Adaline: it then says how to recover"
            raise StorageDamaged("", "the database", mend) from error
        if not isinstance(error, OperationalError):
            raise
        if _is_disk_failure(error):
            raise StorageFull("the database's disk is full or failing; nothing was stored") from error
        raise DatabaseUnavailable("the database does not answer; try again shortly") from error


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str, draw: Callable[[int], int] = secrets.randbits) -> str:
    """A time-ordered id: `job_` and 26 characters, the first 10 of which are the time in milliseconds. `draw` gives so
    many random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | draw(80)
    return f"{prefix}_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
