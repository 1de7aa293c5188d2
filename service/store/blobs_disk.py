"""Blobs as files under one directory."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from service.store.spool import Spooling

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 128 * 1024


class DiskBlobs(Spooling):
    """Blobs as files, `objects/ab/abcd…`, under one directory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "spool")
        self._objects = root / "objects"
        self._objects.mkdir(parents=True, exist_ok=True)
        self.spool.mkdir(parents=True, exist_ok=True)

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

    def _identity(self, key: str) -> tuple[object, ...]:
        try:
            found = self._path(key).stat()
        except FileNotFoundError:
            raise KeyError(key) from None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def delete(self, key: str, older_than_seconds: float) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self._path(key).stat().st_mtime <= time.time() - older_than_seconds:
                self._path(key).unlink()

    def keys(self, older_than_seconds: float) -> Iterator[str]:
        newest = time.time() - older_than_seconds
        for path in self._objects.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                if path.stat().st_mtime <= newest:
                    yield path.name
        for path in self.spool.iterdir():
            with contextlib.suppress(FileNotFoundError):  # a writer that has just ended
                if path.stat().st_mtime <= newest:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check(self) -> None:
        with tempfile.TemporaryFile(dir=self.spool):
            pass

    def _path(self, key: str) -> Path:
        return self._objects / key[:2] / key

    def _keep(self, spooled: Path, key: str) -> None:
        path = self._path(key)
        try:
            os.replace(spooled, path)
        except FileNotFoundError:
            path.parent.mkdir(exist_ok=True)
            _bring_to_disk(self._objects)
            os.replace(spooled, path)
        _bring_to_disk(path.parent)


class _Part(io.RawIOBase):
    """The bytes of a file from `start`, as if there were no others."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        file.seek(start)
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count: int = self._file.readinto(memoryview(buffer).cast("B")[: self._left])  # type: ignore[attr-defined]
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _bring_to_disk(directory: Path) -> None:
    """The names in it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
