"""Make and revoke keys; and the first one, without which nobody could make others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.changes import KEYS_CHANGED, Changes
from service.domain.access.keys import ID_LENGTH, new_key
from service.domain.access.owners import DEFAULT_OWNER, OWNER_RULE, is_owner_name
from service.domain.access.scopes import ADMIN, MEANINGS, SCOPES
from service.errors import FieldError, InputInvalid
from service.store.access import keys
from service.store.revisions import KEYS, raise_revision
from service.store.session import Database, new_id, now
from service.store.tables import KeyRow

FIRST_NAME = "first"
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was just made, and its text: nobody can read that again."""

    row: KeyRow
    text: str


def create_key(
    database: Database, owner: str, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> CreatedKey:
    """A key of an owner, who need not have been there before. Raises InputInvalid."""
    if errors := [*_wrong(owner, name, scopes, expires_at)]:
        raise InputInvalid(f"{errors[0].pointer}: {errors[0].detail}", errors)
    key = new_key(_new_id())
    with database.write() as session:
        wanted = [scope for scope in SCOPES if scope in scopes]
        row = keys.add(session, owner, id=key.id, name=name, digest=key.digest, scopes=wanted, expires_at=expires_at)
    return CreatedKey(row, key.text)


def make_first_key(database: Database, hand_over: Callable[[str], None]) -> bool:
    """Make a key that opens everything, unless there was ever one; whether it did. Of several processes that start
    together, one does. A key that cannot be handed over is not made."""
    key = new_key(_new_id())
    with database.write() as session:
        raise_revision(session, KEYS)  # and from here on, whoever else would make one waits
        if keys.exist(session):
            return False
        keys.add(session, DEFAULT_OWNER, id=key.id, name=FIRST_NAME, digest=key.digest, scopes=[ADMIN])
        session.flush()
        hand_over(key.text)
        return True


def revoke_key(database: Database, changes: Changes | None, id: str) -> KeyRow:
    """End a key, in all processes; the key as it is then. Without `changes` they see it a moment later. Raises
    KeyNotFound."""
    with database.write(frees_room=True) as session:
        row = keys.get(session, id, for_change=True)
        keys.revoke(session, row)
    if changes is not None:
        changes.publish(KEYS_CHANGED)
    return row


def _new_id() -> str:
    """Time-ordered, as other ids are."""
    return new_id("key").removeprefix("key_")[:ID_LENGTH]


def _wrong(owner: str, name: str, scopes: Sequence[str], expires_at: datetime | None) -> list[FieldError]:
    errors = []
    if not is_owner_name(owner):
        errors.append(FieldError("/owner", f"{owner!r} is no name of an owner: it is {OWNER_RULE}"))
    if not name or len(name) > MOST_NAME or not name.isprintable():
        errors.append(FieldError("/name", f"a name has 1 to {MOST_NAME} printable characters"))
    known = ", ".join(f"{scope} ({meaning})" for scope, meaning in MEANINGS.items())
    errors += [
        FieldError("/scopes", f"{scope!r} is no scope; there are {known}") for scope in scopes if scope not in SCOPES
    ]
    if not scopes:
        errors.append(FieldError("/scopes", f"name at least one: {known}"))
    if expires_at is not None and expires_at <= now():
        errors.append(FieldError("/expires_at", "is in the past; give a later time, or none for a key that stays"))
    return errors
