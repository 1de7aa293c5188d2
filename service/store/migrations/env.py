"""Alembic's entry: brings a database to the tables of `service.store.tables`."""

from alembic import context
from sqlalchemy import Connection

from service.settings import Settings
from service.store.session import Database
from service.store.steering import tables as _tables  # noqa: F401 (so that Row knows them)
from service.store.tables import Row


def run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    database = Database(Settings.from_environment().resolved_database_url)
    with database.engine.connect() as connection:
        _migrate(connection)
        connection.commit()


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run()
