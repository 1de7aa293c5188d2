"""Migrations make the tables that the code speaks of, once, whoever starts first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from service.domain.access.owners import DEFAULT_OWNER
from service.errors import DatabaseUnavailable, JobNotFound
from service.store import jobs
from service.store import migrate as migrating
from service.store.answers import recall, remember
from service.store.migrate import migrate
from service.store.models import get_version, point, publish, resolve
from service.store.session import Database, new_id, now
from service.store.tables import JobRow, Row
from tests.contract.rows import add_job, at_once


def test_migrations_give_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*Row.metadata.tables, "alembic_version"}


def test_migrating_again_changes_nothing(database: Database) -> None:
    id = add_job(database)
    migrate(database)
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "queued"


def test_processes_that_start_together_migrate_once(database: Database) -> None:
    with database.write() as session:
        for table in reversed(Row.metadata.sorted_tables):
            session.execute(text(f"DROP TABLE {table.name}"))
        session.execute(text("DROP TABLE alembic_version"))
    urls = [database.engine.url.render_as_string(hide_password=False)] * 4

    def start(number: int) -> None:
        own = Database(urls[number])
        migrate(own)
        own.close()

    at_once(len(urls), start)
    assert add_job(database).startswith("job_")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC),
        datetime(2024, 3, 1, 4, 29, 59, 5, timezone(timedelta(hours=5, minutes=30))),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_times_come_back_as_the_same_moment_in_utc(database: Database, moment: datetime) -> None:
    id = add_job(database, finished_at=moment)
    with database.read() as session:
        stored = jobs.get(session, DEFAULT_OWNER, id).finished_at
    assert stored == moment
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def test_documents_come_back_as_they_were(database: Database) -> None:
    spec = {"text": 'naïve \u2028 "quoted"', "deep": [{"a": [1, 2.5, None, True]}], "big": 2**53}
    id = add_job(database, spec=spec, progress=None)
    with database.read() as session:
        row = jobs.get(session, DEFAULT_OWNER, id)
        assert row.spec == spec
        assert row.progress is None
        # an absent document is SQL's null, not JSON's: `IS NULL` must find it
        assert session.query(JobRow).where(JobRow.progress.is_(None)).count() == 1


def test_ids_are_in_the_order_of_their_making() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_id("job"))
        before = now()
        while now() - before < timedelta(milliseconds=2):
            pass
    assert ids == sorted(ids)
    assert len({len(id) for id in ids}) == 1


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    id = add_job(database)

    def fail_midway() -> None:
        with database.write() as session:
            jobs.move(session, id, "running")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "queued"
        assert jobs.events_after(session, id, 0, 10) == []


def test_a_database_that_is_away_is_named() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        away.check()
    away.close()


def test_the_target_of_an_older_version_is_still_its_target(database: Database) -> None:
    """Down to where it was a string, and up again."""
    odd = 'the "price", naïve'
    targets: list[str | list[str]] = [odd, ["a", "b"]]
    with database.write() as session:
        for target in targets:
            publish(
                session,
                DEFAULT_OWNER,
                "m",
                job_id=new_id("job"),
                dataset_id="d",
                task="regression",
                target=target,
                features=[],
                metrics={},
                files={},
            )
    url = database.engine.url.render_as_string(hide_password=False)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with database.engine.connect().execution_options(adaline_writes=True) as connection:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0002")
        assert connection.execute(text("SELECT target FROM versions ORDER BY version")).scalars().all() == [odd, "a"]
        connection.commit()
    own = Database(url)
    migrate(own)
    with own.read() as session:
        assert [get_version(session, DEFAULT_OWNER, "m", number).target for number in (1, 2)] == [odd, "a"]
    own.close()


def test_versions_of_before_get_the_spec_of_their_job(database: Database) -> None:
    """Down to where versions had none, and up again: from the job where it is there, else empty."""
    spec = {"target": "y", "metadata": {"stage": "prod", "run": 3, "odd": 'naïve "x"'}}
    job = add_job(database, spec=spec)
    bare = add_job(database, spec={"target": "y"})
    with database.write() as session:
        for id in (job, new_id("job"), bare):
            publish(
                session,
                DEFAULT_OWNER,
                "m",
                job_id=id,
                dataset_id="d",
                task="regression",
                target="y",
                features=[],
                metrics={},
                files={},
                spec={"lost": True},
                metadata={"lost": True},
            )
    url = database.engine.url.render_as_string(hide_password=False)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with database.engine.connect().execution_options(adaline_writes=True) as connection:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0004")
        names = {column["name"] for column in inspect(connection).get_columns("versions")}
        assert not names & {"spec", "metadata"}
        connection.commit()
    own = Database(url)
    migrate(own)
    with own.read() as session:
        rows = [get_version(session, DEFAULT_OWNER, "m", number) for number in (1, 2, 3)]
    assert [row.spec for row in rows] == [spec, {}, {"target": "y"}]
    assert [row.metadata_ for row in rows] == [spec["metadata"], {}, {}]
    with own.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    own.close()


def test_what_was_there_before_owners_is_the_default_owner_s(database: Database) -> None:
    """Down to where there were none, where rows are added as they were then, and up again."""
    url = database.engine.url.render_as_string(hide_password=False)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with database.write() as session:
        for owner in (DEFAULT_OWNER, "alice"):
            publish(
                session,
                owner,
                "m",
                job_id=new_id("job"),
                dataset_id="d",
                task="regression",
                target="y",
                features=[],
                metrics={},
                files={"a": {"sha256": owner}},
            )
            point(session, owner, "m", "live", 1)
            remember(session, owner, "POST /v1/jobs", "key", "print", "job_1", {"whose": owner})
    kept, gone = add_job(database, owner=DEFAULT_OWNER), add_job(database, owner="alice")
    with database.write() as session:
        jobs.append_event(session, kept, "state", {"state": "queued"})
    with database.engine.connect().execution_options(adaline_writes=True) as connection:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0006")
        columns = {column["name"] for table in ("models", "jobs") for column in inspect(connection).get_columns(table)}
        assert "owner" not in columns
        connection.commit()
    own = Database(url)
    migrate(own)
    with own.read() as session:
        assert get_version(session, DEFAULT_OWNER, "m", 1).files == {"a": {"sha256": DEFAULT_OWNER}}
        assert resolve(session, DEFAULT_OWNER, "m@live").version == 1
        assert jobs.get(session, DEFAULT_OWNER, kept).owner == DEFAULT_OWNER
        assert len(jobs.events_after(session, kept, 0, 9)) == 1
        first = recall(session, DEFAULT_OWNER, "POST /v1/jobs", "key", "print")
        assert first is not None
        assert first.body == {"whose": DEFAULT_OWNER}
        with pytest.raises(JobNotFound):  # nobody could have said whose it was
            jobs.get(session, "alice", gone)
    with own.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    own.close()
