"""Bring the database to this version's tables, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.store.session import Database

ADVISORY_LOCK = 0x0ADA_11E0  # any fixed number: whoever migrates holds it


def migrate(database: Database) -> None:
    """Apply what is missing, under a lock: PostgreSQL's advisory one, or SQLite's write lock."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with database.engine.connect().execution_options(adaline_writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        if MigrationContext.configure(connection).get_current_revision() != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        connection.commit()
