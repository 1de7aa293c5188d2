"""Look after owners: what they may have, what they have, and the end of everything of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.changes import KEYS_CHANGED, REGISTRY, Changes
from service.domain.access.owners import DEFAULT_OWNER
from service.store import jobs
from service.store.access import keys
from service.store.jobs import NOTHING_KEPT
from service.store.revisions import KEYS, raise_revision
from service.store.session import Database, now
from service.store.steering import owners
from service.store.tables import KeyRow, OwnerRow


def limit_owner(database: Database, changes: Changes, owner: str, limits: Mapping[str, int]) -> OwnerRow:
    """Give an owner limits of its own, in the place of those it had. Raises OwnerNotFound."""
    with database.write() as session:
        row = owners.get(session, owner, for_change=True)
        row.limits = dict(limits) or None
        raise_revision(session, KEYS)
    changes.publish(KEYS_CHANGED)
    return row


def limit_key(database: Database, changes: Changes, id: str, limits: Mapping[str, int]) -> KeyRow:
    """Let a key through less than its owner may. Raises KeyNotFound."""
    with database.write() as session:
        row = keys.get(session, id, for_change=True)
        row.limits = dict(limits) or None
        raise_revision(session, KEYS)
    changes.publish(KEYS_CHANGED)
    return row


def delete_owner(database: Database, changes: Changes, owner: str) -> Sequence[str]:
    """Forget everything of an owner's: datasets, jobs, models, shares, webhooks and keys. The ids of jobs that still
    run: they have been told to stop, and until they have nothing is deleted; asked again, the rest goes.

    From the first time on its keys open nothing, so that nothing is added meanwhile; those of the default owner stay.
    Raises OwnerNotFound.
    """
    with database.write(frees_room=True) as session:
        owners.get(session, owner, for_change=True)
        if owner != DEFAULT_OWNER:
            owners.revoke_keys(session, owner)
        held = owners.unfinished(session, owner, is_held=True)
        waiting = owners.unfinished(session, owner, is_held=False)
        for id in waiting:
            jobs.move(session, id, "cancelled", finished_at=now(), **NOTHING_KEPT)
        for id in held:
            jobs.move(session, id, "cancelling")
        if not held:
            owners.delete_all(session, owner)
    for id in (*waiting, *held, KEYS_CHANGED, REGISTRY):
        changes.publish(id)
    return held
