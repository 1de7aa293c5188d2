"""A disk that is full or fails, by its name."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from service.errors import StorageFull

FULL = (errno.ENOSPC, errno.EDQUOT)
FAILING = (errno.EIO, errno.EROFS, errno.EFBIG)


@contextlib.contextmanager
def failing_disk_named() -> Iterator[None]:
    """Raises StorageFull in the place of an OSError that says that a disk is full or fails."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("the data disk is full; nothing was stored") from error
        if error.errno in FAILING:
            why = os.strerror(error.errno).lower()
            raise StorageFull(f"the data disk cannot be written ({why}); nothing was stored") from error
        raise
