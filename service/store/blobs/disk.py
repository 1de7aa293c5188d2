"""Blobs as files under one directory."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from service.store.blobs.failing import failing_disk_named
from service.store.blobs.spool import Spooling, StoredBlob
from service.store.held import is_held
from service.store.private import PRIVATE_DIRECTORY, make_private

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 128 * 1024
BLOCK_BYTES = 4096  # a disk without room for so much is full


class DiskBlobs(Spooling):
    """Blobs as files, `objects/ab/abcd…`, under one directory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "spool")
        self._objects = root / "objects"
        for directory in (root, self._objects, self.spool):
            make_private(directory)

    def _open(self, key: str, part: tuple[int, int] | None = None) -> IO[bytes]:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise KeyError(key) from None
        return file if part is None else io.BufferedReader(_Part(file, *part), BUFFER_BYTES)

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        self.verify(key)
        yield self._path(key)

    def _identity(self, key: str) -> tuple[int, str]:
        try:
            found = self._path(key).stat()
        except FileNotFoundError:
            raise KeyError(key) from None
        return found.st_size, f"{found.st_ino} {found.st_mtime_ns} {found.st_ctime_ns}"

    def delete(self, key: str, older_than_seconds: float) -> None:
        path = self._path(key)
        # nobody writes the blob again between the look and the deletion
        with contextlib.suppress(FileNotFoundError), _locked(path.parent, fcntl.LOCK_EX):
            if path.stat().st_mtime <= time.time() - older_than_seconds:
                path.unlink()

    def listing(self) -> Iterator[StoredBlob]:
        for path in self._objects.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                found = path.stat()
                yield StoredBlob(path.name, found.st_size, found.st_mtime)

    def clear(self, older_than_seconds: float) -> None:
        newest = time.time() - older_than_seconds
        for path in self.spool.iterdir():
            with contextlib.suppress(FileNotFoundError):  # a writer that has just ended
                if path.stat().st_mtime <= newest and not is_held(path):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check(self) -> None:
        with failing_disk_named(), tempfile.TemporaryFile(dir=self.spool, buffering=0) as file:
            file.write(bytes(BLOCK_BYTES))

    def _path(self, key: str) -> Path:
        return self._objects / key[:2] / key

    def _keep(self, spooled: Path, key: str) -> None:
        path = self._path(key)
        os.utime(spooled)  # its age counts from here: a slow upload is old when it is whole
        if not path.parent.exists():
            path.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            bring_to_disk(self._objects)
        with _locked(path.parent, fcntl.LOCK_SH) as descriptor:
            os.replace(spooled, path)
            os.fsync(descriptor)  # the names in it


class _Part(io.RawIOBase):
    """The bytes of a file from `start`, as if there were no others."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        file.seek(start)
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        part = memoryview(buffer).cast("B")[: self._left]
        count: int = self._file.readinto(part)  # type: ignore[attr-defined]  # of a binary file; typing's IO has none
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


@contextlib.contextmanager
def _locked(directory: Path, kind: int) -> Iterator[int]:
    """A descriptor of the directory, with an flock(2) of this kind on it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


def bring_to_disk(directory: Path) -> None:
    """The names in it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
