"""Back up: all rows as they were at one moment, and every blob that they name, while the stack goes on working.

Blobs are copied first, without holding anybody up; then rows are read, and what they name besides is copied while that
look lasts. What was deleted in between is no longer named at the next look. So a backup never names a blob that it
lacks, and none has to wait for it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy.orm import Session

from service.domain.sentences import few
from service.errors import CannotStart, StorageDamaged, Unavailable
from service.store import migrate
from service.store.backups.manifest import Manifest
from service.store.backups.place import BackupPlace
from service.store.backups.rows import write_rows
from service.store.blobs.copying import copy_blob
from service.store.blobs.in_use import CHECKPOINT, blobs_in_use, named_blobs
from service.store.blobs.store import Blobs
from service.store.session import Database, now

LOOKS = 10  # each copies only what came since the one before
FREE_LOOKS = 2  # without holding the database's moment
MOST_TOLD = 5

CopyingTold = Callable[[int, int], None]
"""Called with how many blobs are there, and how many there are to be."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that is whole; so many blobs, with so many bytes, were not there before."""

    name: str
    manifest: Manifest
    new_blobs: int
    new_bytes: int


class _Copying:
    """Blobs on their way from a store to a place. `lost` are those that were not in the store at two looks in a row,
    though rows named them: nobody has just deleted them."""

    def __init__(self, blobs: Blobs, place: BackupPlace, verify: bool, told: CopyingTold) -> None:
        self._blobs, self._place, self._told = blobs, place, told
        self._there = {key for key in place.blobs.keys(0) if not verify or _is_whole(place.blobs, key)}
        self._missing: set[str] = set()
        self.lost: set[str] = set()
        self.new_blobs = self.new_bytes = 0

    def bring(self, keys: Mapping[str, str]) -> set[str]:
        """Copy what is not there yet, of these kinds; the keys that are not in the store. Raises StorageDamaged,
        StorageFull."""
        wanted = [key for key in keys if key not in self._there]
        missing = set()
        for number, key in enumerate(wanted):
            self._told(number, len(wanted))
            try:
                self.new_bytes += copy_blob(self._blobs, self._place.blobs, key)
            except KeyError:
                missing.add(key)
            except StorageDamaged:
                if keys[key] != CHECKPOINT:  # a damaged one is as good as none
                    raise
                missing.add(key)
            else:
                self._there.add(key)
                self.new_blobs += 1
        self.lost = {key for key in self._missing & missing if keys[key] != CHECKPOINT}
        self._missing = missing
        return missing


def back_up(
    database: Database,
    blobs: Blobs,
    place: BackupPlace,
    verify: bool = False,
    told: CopyingTold = lambda done, of: None,
) -> BackedUp:
    """Take a backup. With `verify` all that earlier ones have left is read, and copied anew where it is damaged.

    Raises CannotStart for a database that this version has not migrated; StorageDamaged for a blob that is lost or is
    not what was written; StorageFull; Unavailable where too much was deleted meanwhile, there or in the place.
    """
    with database.read() as session:
        revision = migrate.current(session.connection())
    if revision != migrate.newest():
        raise CannotStart(
            f"the database's revision is {revision}, this version's is {migrate.newest()}: back up with the Adaline "
            "that serves it, or start this one once to upgrade it"
        )
    copying = _Copying(blobs, place, verify, told)
    for look in range(LOOKS):
        with contextlib.ExitStack() as held:
            session = held.enter_context(database.read())
            keys = blobs_in_use(session)
            if look < FREE_LOOKS:
                held.close()
            try:
                missing = copying.bring(keys)
            except StorageDamaged as error:
                raise _damaged(database, {error.key}, "damaged") from error
            if copying.lost:
                raise _damaged(database, copying.lost, "lost")
            if look >= FREE_LOOKS and all(keys[key] == CHECKPOINT for key in missing):
                return _sealed(session, place, copying, revision, keys.keys() - missing)
    raise Unavailable("so much is being deleted that no look at the database found all it names; try again")


def _is_whole(blobs: Blobs, key: str) -> bool:
    try:
        blobs.verify(key)
    except (KeyError, StorageDamaged):
        return False
    return True


def _sealed(session: Session, place: BackupPlace, copying: _Copying, revision: str | None, keys: set[str]) -> BackedUp:
    """Rows, list and manifest, in this order. A job whose last checkpoint has just been replaced is kept without one:
    it starts anew, and ends in the same bits."""

    def changed(table: str, row: dict[str, Any]) -> dict[str, Any]:
        if table == "jobs" and row["checkpoint_key"] not in keys:
            row["checkpoint_key"] = None
        return row

    with place.blobs.writer() as writer:
        tables = write_rows(session, writer, changed)
        rows = writer.commit()
    try:
        sizes = {key: place.blobs.size(key) for key in sorted(keys)}
    except KeyError:
        raise Unavailable(
            "older backups of this place were deleted at the same time, with files of this one; try again"
        ) from None
    listing = place.blobs.put(json.dumps(sizes).encode())
    manifest = Manifest(
        taken_at=now().isoformat(),
        adaline=version("adaline"),
        revision=revision or "",
        tables=tables,
        rows=rows.key,
        listing=listing.key,
        blobs=len(sizes),
        size_bytes=sum(sizes.values()),
    )
    place.write(manifest.name, manifest.to_bytes())
    return BackedUp(manifest.name, manifest, copying.new_blobs, copying.new_bytes)


def _damaged(database: Database, keys: set[str], how: str) -> StorageDamaged:
    """What cannot be backed up, since its bytes are lost or damaged."""
    with database.read() as session:
        named = sorted({it.what for it in named_blobs(session) if it.key in keys})
    mend = (
        f"its bytes are {how}, so nothing was backed up. Restore them from an earlier backup; or upload a dataset's "
        "file again, and delete any other; then back up"
    )
    return StorageDamaged(min(keys), few(named, MOST_TOLD), mend)
