"""Prune: delete the older backups of a place, and the blobs that only those had."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import CannotStart, StorageDamaged
from service.store.backups.manifest import FORMAT, read_manifest
from service.store.backups.place import BackupPlace
from service.store.blobs.store import read_blob

GRACE_SECONDS = 3600.0  # a blob younger than this may be that of a backup which is under way


@dataclass(frozen=True, slots=True)
class Pruned:
    """The backups that were deleted, the oldest first; so many blobs, with so many bytes, were deleted."""

    names: Sequence[str]
    blobs: int
    size_bytes: int


def prune(place: BackupPlace, keep: int, grace_seconds: float = GRACE_SECONDS) -> Pruned:
    """Leave the newest `keep` (1 or more) backups, and all that they need. Cut off, it leaves blobs that the next one
    deletes.

    Raises StorageDamaged or CannotStart, with nothing deleted, where nobody can say what a backup needs that stays.
    """
    names = place.names()
    old, needed = names[:-keep], _needed(place, names[-keep:])
    for name in old:
        place.delete(name)
    needed |= _needed(place, sorted({*place.names()} - {*names}))  # those that became whole meanwhile
    place.blobs.clear(grace_seconds)
    newest = time.time() - grace_seconds
    needless = [blob for blob in place.blobs.listing() if blob.key not in needed and blob.written_at <= newest]
    for blob in needless:
        place.blobs.delete(blob.key, grace_seconds)
    return Pruned(old, len(needless), sum(blob.size for blob in needless))


def _needed(place: BackupPlace, names: Sequence[str]) -> set[str]:
    """The keys of all blobs that these backups are restored from."""
    keys: set[str] = set()
    for name in names:
        mend = "nothing was deleted: keep so few backups that this one is not among them"
        try:
            manifest = read_manifest(name, place.read(name))
            listed = json.loads(read_blob(place.blobs, manifest.listing))
        except (KeyError, StorageDamaged):
            raise StorageDamaged("", f"backup {name}", mend) from None
        if manifest.format != FORMAT:
            raise CannotStart(f"backup {name} was taken by a newer Adaline ({manifest.adaline}): delete with that one")
        keys |= {manifest.rows, manifest.listing, *listed}
    return keys
