"""What is being written says so: by an flock(2) on the file or directory, which the kernel frees however its holder
ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def hold(descriptor: int) -> None:
    """Mark what the descriptor names as in use, until that is closed. Where a file system has no locks nothing is
    marked, and age alone decides."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def holding(directory: Path) -> Iterator[None]:
    """Mark a directory as in use for as long as the context lasts."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        hold(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody uses a file or directory at this moment. Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
