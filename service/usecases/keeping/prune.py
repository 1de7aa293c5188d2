"""Prune: delete the older backups of a place, and the blobs that only those had."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import CannotStart, StorageDamaged
from service.store.backups.manifest import FORMAT, read_manifest
from service.store.backups.place import BackupPlace, blobs_of

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

    Raises StorageDamaged or CannotStart, with no blob deleted, where nobody can say what a backup needs that stays.
    """
    names = place.names()
    old = names[:-keep]
    needed = _needed(place, names[-keep:], "nothing was deleted: keep so few backups that this one is not among them")
    for name in old:
        place.delete(name)
    new = sorted({*place.names()} - {*names})  # those that became whole meanwhile
    needed |= _needed(place, new, "older backups were deleted, and none of their files: back up again")
    place.blobs.clear(grace_seconds)
    newest = time.time() - grace_seconds
    needless = [blob for blob in place.blobs.listing() if blob.key not in needed and blob.written_at <= newest]
    for blob in needless:
        place.blobs.delete(blob.key, grace_seconds)
    return Pruned(old, len(needless), sum(blob.size for blob in needless))


def _needed(place: BackupPlace, names: Sequence[str], mend: str) -> set[str]:
    """The keys of all blobs that these backups are restored from; `mend` is for one that is damaged."""
    keys: set[str] = set()
    for name in names:
        try:
            manifest = read_manifest(name, place.read(name))
            if manifest.format != FORMAT:
                raise CannotStart(
                    f"backup {name} was taken by a newer Adaline ({manifest.adaline}): delete with that one"
                )
            keys |= {manifest.rows, manifest.listing, *blobs_of(place, manifest)}
        except (KeyError, StorageDamaged):
            raise StorageDamaged("", f"backup {name}", mend) from None
    return keys
