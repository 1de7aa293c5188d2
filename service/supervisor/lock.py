"""One Adaline a data directory: an flock(2) on `<data>/lock`, which the kernel frees however its holder ends.

The file says who holds it, as JSON: `{"pid": 4242, "url": "http://127.0.0.1:8000"}`. It is emptied at a clean end,
so what is found in a free one was left by a holder that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from service.errors import AlreadyRunning, CannotStart
from service.store.private import PRIVATE_FILE, make_private

PATIENCE_SECONDS = 0.5  # `running` holds the lock for a moment; a killed holder is a moment in dying
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """Who serves a data directory, and where. `url` answers once `GET {url}/readyz` does."""

    pid: int
    url: str


class Lock:
    """The held lock. `left_behind` is what a killed holder had written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.left_behind = _read(descriptor)

    def write(self, holder: Running) -> None:
        self.clear()
        os.pwrite(self._descriptor, json.dumps(asdict(holder)).encode() + b"\n", 0)

    def clear(self) -> None:
        os.ftruncate(self._descriptor, 0)


@contextlib.contextmanager
def hold(data: Path) -> Iterator[Lock]:
    """The lock of this data directory. Raises AlreadyRunning, or CannotStart where the directory cannot be written."""
    try:
        make_private(data)
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise CannotStart(f"the data directory {data} cannot be used: {error.strerror}") from error
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise AlreadyRunning(_refusal(data, _read(descriptor)))
            time.sleep(LOOK_SECONDS)  # flock(2) has no wait with an end
        lock = Lock(descriptor)
        try:
            yield lock
        finally:
            lock.clear()
    finally:
        os.close(descriptor)


def running(data: Path) -> Running | None:
    """Who serves this data directory at this moment; None when nobody does, or has only begun to."""
    try:
        descriptor = os.open(data / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _read(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Running | None:
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
        return Running(int(content["pid"]), str(content["url"]))
    except (ValueError, KeyError, TypeError):  # empty, or half written by a holder that was killed just then
        return None


def _refusal(data: Path, holder: Running | None) -> str:
    who = f"process {holder.pid}, {holder.url}" if holder else "by a process that is starting or stopping"
    return f"{data} is in use by another Adaline ({who}): use that one, stop it, or choose another ADALINE_DATA"
