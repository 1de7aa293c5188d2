"""A database of every earlier revision, with its data, becomes this version's, whoever starts first; none goes back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, func, select, text

from service.errors import CannotStart
from service.store import migrate as migrating
from service.store.migrate import bring, current, migrate, newest
from service.store.session import Database
from service.store.tables import AliasRow, DatasetRow, EventRow, JobRow, Row, VersionRow
from tests.contract.rows import at_once

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 123_456, UTC)
SPEC = {"target": "price", "metadata": {"stage": 'naïve "prod"'}, "epochs": 3}
CELLS: dict[str, dict[str, Any]] = {
    "datasets": {
        "id": "ds_1", "name": "houses.csv", "state": "ready", "fingerprint": "f" * 64, "sha256": "a" * 64, "bytes": 9,
        "media_type": "text/csv", "options": {}, "columns": [{"name": "x", "kind": "numeric"}], "created_at": MOMENT,
        "rows": 40, "attempt": 1, "fence": 1, "table_key": "b" * 64,
    },
    "jobs": {
        "id": "job_1", "kind": "train", "state": "succeeded", "spec": SPEC, "dataset_id": "ds_1", "model_version": 1,
        "model_name": "houses", "created_at": MOMENT, "finished_at": MOMENT, "attempt": 1, "fence": 1,
        "result": {"metrics": {"rmse": 0.5}},
    },
    "events": {"job_id": "job_1", "seq": 1, "at": MOMENT, "type": "state", "data": {"state": "queued"}},
    "models": {"name": "houses", "id": "mdl_1", "last_version": 1, "created_at": MOMENT, "updated_at": MOMENT},
    "versions": {
        "model_name": "houses", "version": 1, "job_id": "job_1", "dataset_id": "ds_1", "task": "regression",
        "target": "price", "features": [{"name": "x", "kind": "numeric"}], "metrics": {"validation": {"rmse": 0.5}},
        "files": {"manifest.json": {"sha256": "c" * 64, "bytes": 3}}, "spec": SPEC, "metadata": SPEC["metadata"],
        "created_at": MOMENT,
    },
    "aliases": {"model_name": "houses", "alias": "prod", "version": 1, "revision": 4, "updated_at": MOMENT},
    "answers": {
        "scope": "POST /v1/jobs", "key": "k", "fingerprint": "f", "resource_id": "job_1", "body": {"id": "job_1"},
        "created_at": MOMENT,
    },
}  # fmt: skip


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    return sorted(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())


@pytest.fixture
def bare(database: Database) -> Database:
    """A database without tables."""
    with migrating.migrating(database) as connection:
        metadata = MetaData()
        metadata.reflect(connection)
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
    return database


def fill_at(database: Database, revision: str) -> None:
    """A row in every table that users fill, as an Adaline of that revision wrote it."""
    with migrating.migrating(database) as connection:
        bring(connection, revision)
        metadata = MetaData()
        metadata.reflect(connection)
        for name, cells in CELLS.items():
            table = metadata.tables[name]
            for column in table.columns:
                if isinstance(column.type, JSON):
                    column.type = JSON(none_as_null=True)
            known = {column: cell for column, cell in {"owner": "default", **cells}.items() if column in table.columns}
            connection.execute(table.insert().values(known))


def counts(connection: Connection) -> dict[str, int]:
    return {name: connection.scalar(select(func.count()).select_from(text(name))) or 0 for name in CELLS}


@pytest.mark.parametrize("revision", revisions())
def test_all_data_of_a_revision_is_there_after_the_upgrade(bare: Database, revision: str) -> None:
    fill_at(bare, revision)
    migrate(bare)
    with bare.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Row.metadata) == []
        assert current(connection) == newest()
        assert counts(connection) == dict.fromkeys(CELLS, 1)
    with bare.read() as session:
        version, job = session.scalars(select(VersionRow)).one(), session.scalars(select(JobRow)).one()
        dataset, event = session.scalars(select(DatasetRow)).one(), session.scalars(select(EventRow)).one()
        alias = session.scalars(select(AliasRow)).one()
    assert (version.target, version.spec, version.metadata_) == ("price", SPEC, SPEC["metadata"])
    assert (version.files, version.created_at) == (CELLS["versions"]["files"], MOMENT)
    assert (job.spec, job.result, job.lane, job.worked_seconds) == (SPEC, CELLS["jobs"]["result"], "long", 0.0)
    assert (dataset.columns, dataset.gram_key, dataset.created_at) == (CELLS["datasets"]["columns"], None, MOMENT)
    assert (event.at, event.data) == (MOMENT, {"state": "queued"})
    assert (alias.alias, alias.version, alias.revision) == ("prod", 1, 4)
    if bare.engine.dialect.name == "sqlite":  # whoever writes next is held to references again
        with bare.write() as session:
            assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_processes_that_start_together_upgrade_once(bare: Database) -> None:
    fill_at(bare, "0001")
    url = bare.engine.url.render_as_string(hide_password=False)

    def start(_: int) -> None:
        own = Database(url)
        try:
            migrate(own)
        finally:
            own.close()

    at_once(4, start)
    with bare.engine.connect() as connection:
        assert counts(connection) == dict.fromkeys(CELLS, 1)
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []


def test_a_database_of_a_newer_adaline_is_refused_and_left_as_it_is(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotStart, match=rf"newer Adaline \(its revision is 9999, .* here is {newest()}\)"):
        migrate(database)
    with database.engine.connect() as connection:
        assert current(connection) == "9999"


def test_an_upgrade_that_breaks_leaves_the_database_as_it_was(bare: Database) -> None:
    fill_at(bare, "0001")
    with bare.write() as session:  # what no migration foresaw
        session.execute(text("CREATE TABLE registry (id INTEGER)"))
    with pytest.raises(Exception, match="registry"):
        migrate(bare)
    with bare.engine.connect() as connection:
        assert current(connection) == "0001"
        assert counts(connection) == dict.fromkeys(CELLS, 1)
        assert "target" in {column.name for column in _reflected(connection).tables["versions"].columns}


def _reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata
