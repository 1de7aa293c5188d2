"""Files of their owner alone: what is made, and what an earlier version has left open to others."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600
OTHERS = 0o077


def make_private(directory: Path) -> None:
    """A directory for its owner alone. One that was open until now is closed with all that is in it; one that belongs
    to another user stays as it is."""
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    if not directory.stat().st_mode & OTHERS:
        return
    with contextlib.suppress(PermissionError):
        directory.chmod(PRIVATE_DIRECTORY)
        for place, directories, files in os.walk(directory):
            for names, mode in ((directories, PRIVATE_DIRECTORY), (files, PRIVATE_FILE)):
                for name in names:
                    _close(Path(place) / name, mode)


def make_private_file(path: Path) -> None:
    """A file for its owner alone, made if it is not there; who cannot, leaves the error to whoever opens it."""
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
        if path.stat().st_mode & OTHERS:
            path.chmod(PRIVATE_FILE)


def _close(path: Path, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):  # gone since, or another's
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            path.chmod(found.st_mode & mode)
        elif stat.S_ISSOCK(found.st_mode):
            path.chmod(found.st_mode & PRIVATE_DIRECTORY)
