"""Bytes on their way: a private file that becomes a blob, a private directory, and where they are."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from service.errors import StorageDamaged
from service.store.blobs.failing import failing_disk_named
from service.store.blobs.hashing import Hashing, begin_writing
from service.store.blobs.verifying import verifying
from service.store.held import hold, holding
from service.store.private import PRIVATE_FILE

CHUNK = 1024 * 1024
MOST_REMEMBERED = 10_000  # blobs that a process knows to be whole


@dataclass(frozen=True, slots=True)
class Blob:
    """What was stored: `key` is the SHA-256 in hexadecimal, `size` counts bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob as it lies there: how many bytes, and when it was written (last), in seconds since 1970."""

    key: str
    size: int
    written_at: float


class BlobWriter:
    """A file that counts and hashes what is written to it."""

    def __init__(self, spool: Path, keep: Callable[[Path, str], None]) -> None:
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(dir=spool, prefix="new-", delete=False)  # noqa: SIM115 (close() ends it)
        hold(self._file.fileno())
        self.path = Path(self._file.name)
        self._hashing = Hashing(self._file.fileno())
        self._keep = keep
        self._is_counted = True  # what is written is counted and hashed on the way
        self._is_sealed = False
        self.size = 0

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes) -> int:
        with failing_disk_named():
            self._file.write(data)
        self._hashing.add(data)
        self.size += len(data)
        return len(data)

    def take(self, path: Path) -> None:
        """A file of the workspace becomes this blob, in the place of what was written; it is gone from its path.

        Its bytes are read by `commit`, or by `seal` before.
        """
        with failing_disk_named():
            taken = path.open("r+b")
            hold(taken.fileno())
            os.fchmod(taken.fileno(), PRIVATE_FILE)
            os.replace(path, self.path)
            self._hashing.close()
            self._file.close()
            self._file = taken
        self._hashing, self.size, self._is_counted = Hashing(self._file.fileno()), 0, False

    def seal(self) -> None:
        """All of `commit` that takes long, perhaps in another thread: count and hash the bytes, and wait for the disk.

        Meanwhile and until `commit` the bytes can be read at `path`.
        """
        if not self._is_counted:
            begin_writing(self._file.fileno(), 0, self.path.stat().st_size)
        while not self._is_counted and (chunk := self._file.read(CHUNK)):
            self._hashing.add(chunk)
            self.size += len(chunk)
        self._is_counted = True
        with failing_disk_named():
            self._file.flush()
            os.fsync(self._file.fileno())
        self._is_sealed = True

    def commit(self) -> Blob:
        """Make the bytes readable under their hash."""
        if not self._is_sealed:
            self.seal()
        blob = Blob(self._hashing.hexdigest(), self.size)
        with failing_disk_named():
            self._keep(self.path, blob.key)
        return blob

    def close(self) -> None:
        """Drop what was not committed."""
        try:
            self._hashing.close()
            with contextlib.suppress(OSError):  # a full disk refuses once more the bytes that are to be dropped
                self._file.close()
        finally:
            self.path.unlink(missing_ok=True)

    # what werkzeug's multipart parser asks of the stream it fills
    def seek(self, _offset: int) -> int:
        return 0


class Spooling:
    """What all implementations of `service.store.blobs.store.Blobs` share: bytes on their way lie on the local disk."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self._verified: dict[str, tuple[int, str]] = {}  # what this process has found whole, as it was then

    def writer(self) -> BlobWriter:
        with failing_disk_named():
            return BlobWriter(self.spool, self._keep)

    def put(self, data: bytes) -> Blob:
        with self.writer() as writer:
            writer.write(data)
            return writer.commit()

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        with failing_disk_named():
            directory = tempfile.TemporaryDirectory(dir=self.spool, prefix="work-", ignore_cleanup_errors=True)
        with directory as name, holding(Path(name)):
            yield Path(name)

    def open(self, key: str, part: tuple[int, int] | None = None) -> IO[bytes]:
        return self._open(key, part) if part is not None else verifying(self._open(key), key)

    def verify(self, key: str) -> None:
        identity = self._identity(key)
        if self._verified.get(key) == identity:
            return
        with contextlib.closing(self._open(key)) as stream:
            digest = hashlib.sha256()
            while piece := stream.read(CHUNK):
                digest.update(piece)
        if digest.hexdigest() != key:
            raise StorageDamaged(key)
        if len(self._verified) >= MOST_REMEMBERED:
            self._verified.clear()
        self._verified[key] = identity

    def keys(self, older_than_seconds: float) -> Iterator[str]:
        self.clear(older_than_seconds)
        newest = time.time() - older_than_seconds
        return (it.key for it in self.listing() if it.written_at <= newest)

    def clear(self, older_than_seconds: float) -> None:
        """Nothing, where what is unfinished has no name or ends with its process."""

    def listing(self) -> Iterator[StoredBlob]:
        raise NotImplementedError

    def size(self, key: str) -> int:
        return self._identity(key)[0]

    def _open(self, key: str, part: tuple[int, int] | None = None) -> IO[bytes]:
        """The bytes as they lie there. Raises KeyError."""
        raise NotImplementedError

    def _identity(self, key: str) -> tuple[int, str]:
        """How many bytes there are, and what changes when they are written again. Raises KeyError."""
        raise NotImplementedError

    def _keep(self, spooled: Path, key: str) -> None:
        """Make a file's bytes readable under a key."""
        raise NotImplementedError
