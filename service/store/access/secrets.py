"""What the processes of one installation know together, and nobody else."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import IntegrityError

from service.store.session import Database
from service.store.tables import SecretRow

BYTES = 32


def shared_secret(database: Database, name: str) -> str:
    """The secret of this name; made by whoever needs it first."""
    with database.read() as session:
        row = session.get(SecretRow, name)
    if row is not None:
        return row.value
    try:
        with database.write() as session:
            session.add(SecretRow(name=name, value=secrets.token_hex(BYTES)))
    except IntegrityError:  # another process was first
        pass
    with database.read() as session:
        return session.get_one(SecretRow, name).value
