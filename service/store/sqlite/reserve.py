"""Room that is kept aside for deleting: on a full disk SQLite needs some pages for its log before anything can go."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from service.store.private import PRIVATE_FILE

RESERVE_BYTES = 1024 * 1024  # some dozens of deletions, each of which writes a few pages of 4 KiB
PLENTY_BYTES = 2 * RESERVE_BYTES  # must be free before so much is set aside


class Reserve:
    """A file beside the database, which is given up when the disk is full."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + "-reserve")

    def keep(self) -> None:
        """Set the room aside where there is plenty; where that cannot be, nothing happens."""
        with contextlib.suppress(OSError):
            if self._path.exists() or self._free_bytes() < PLENTY_BYTES:
                return
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            finally:
                os.close(descriptor)

    def release_if_full(self) -> None:
        """Give it up where less than that is free."""
        with contextlib.suppress(OSError):
            if self._free_bytes() < RESERVE_BYTES:
                self._path.unlink()

    def _free_bytes(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize
