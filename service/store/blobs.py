"""Bytes, immutable and named by their SHA-256: on local disk or in S3, behind one interface.

A blob is spooled to a private temporary file and hashed; `commit` makes it readable under its key. A key that no
row of the database names is an orphan: the sweeper deletes it once it is old.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import unquote, urlsplit

from service.errors import SettingInvalid, StorageFull
from service.store.hashing import Hashing, begin_writing

CHUNK = 1024 * 1024
AT_ONCE = 4  # blobs on their way
FULL = (errno.ENOSPC, errno.EDQUOT)
FAILING = (errno.EIO, errno.EROFS, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Blob:
    """What was stored: `key` is the SHA-256 in hexadecimal, `size` counts bytes."""

    key: str
    size: int


class Blobs(Protocol):
    """Where bytes are kept. Every method that writes raises StorageFull when there is no room."""

    def writer(self) -> BlobWriter:
        """A new blob; used as a context, it leaves nothing behind unless `commit` was called."""

    def workspace(self) -> contextlib.AbstractContextManager[Path]:
        """A directory of this machine for files on the way; gone, with what is in it, when the context ends.

        It is where a `writer` can take a file over without copying it.
        """

    def open(self, key: str) -> IO[bytes]:
        """A readable stream. Raises KeyError for a key that is not there."""

    def local(self, key: str) -> contextlib.AbstractContextManager[Path]:
        """A file on this machine with the blob's bytes, for as long as the context lasts. Raises KeyError."""

    def delete(self, key: str, older_than_seconds: float) -> None:
        """Forget a blob unless it was written (again) since; one that is not there is no error."""

    def keys(self, older_than_seconds: float) -> Iterator[str]:
        """The keys last written at least so long ago."""

    def check(self) -> None:
        """Raises OSError (or the provider's error) when the place cannot be used."""


class BlobWriter:
    """A file that counts and hashes what is written to it."""

    def __init__(self, spool: Path, keep: Any) -> None:
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(dir=spool, prefix="new-", delete=False)  # noqa: SIM115 (close() ends it)
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

    def write_file(self, path: Path) -> None:
        """All of another file's bytes."""
        with path.open("rb") as source:
            while chunk := source.read(CHUNK):
                self.write(chunk)

    def take(self, path: Path) -> None:
        """A file of the workspace becomes this blob, in the place of what was written; it is gone from its path.

        Its bytes are read by `commit`, or by `seal` before.
        """
        with failing_disk_named():
            os.replace(path, self.path)
            self._hashing.close()
            self._file.close()
            self._file = self.path.open("r+b")
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


class DiskBlobs:
    """Blobs as files, `objects/ab/abcd…`, under one directory."""

    def __init__(self, root: Path) -> None:
        self._objects = root / "objects"
        self._spool = root / "spool"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._spool.mkdir(parents=True, exist_ok=True)

    def writer(self) -> BlobWriter:
        with failing_disk_named():
            return BlobWriter(self._spool, self._keep)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        with _directory(self._spool) as directory:
            yield directory

    def open(self, key: str) -> IO[bytes]:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise KeyError(key) from None

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.exists():
            raise KeyError(key)
        yield path

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
        for path in self._spool.iterdir():
            with contextlib.suppress(FileNotFoundError):  # a writer that has just ended
                if path.stat().st_mtime <= newest:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check(self) -> None:
        with tempfile.TemporaryFile(dir=self._spool):
            pass

    def _path(self, key: str) -> Path:
        return self._objects / key[:2] / key

    def _keep(self, spooled: Path, key: str) -> None:
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        os.replace(spooled, path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class S3Blobs:
    """Blobs as objects `prefix/ab/abcd…` of a bucket; spooled on this machine's temporary disk on the way."""

    def __init__(self, bucket: str, prefix: str, endpoint_url: str) -> None:
        import boto3  # here, not above: only who keeps blobs in S3 pays for importing it

        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = boto3.client("s3", endpoint_url=endpoint_url or None)
        self._spool = Path(tempfile.gettempdir())

    def writer(self) -> BlobWriter:
        with failing_disk_named():
            return BlobWriter(self._spool, self._keep)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        with _directory(self._spool) as directory:
            yield directory

    def open(self, key: str) -> IO[bytes]:
        from botocore.exceptions import ClientError

        try:
            body: IO[bytes] = self._client.get_object(Bucket=self._bucket, Key=self._name(key))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise KeyError(key) from None
            raise
        return body

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self._spool, prefix="blob-") as copy:
            with contextlib.closing(self.open(key)) as source, failing_disk_named():
                shutil.copyfileobj(source, copy, CHUNK)
                copy.flush()
            yield Path(copy.name)

    def delete(self, key: str, older_than_seconds: float) -> None:
        from botocore.exceptions import ClientError

        try:
            written = self._client.head_object(Bucket=self._bucket, Key=self._name(key))["LastModified"].timestamp()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return
            raise
        if written <= time.time() - older_than_seconds:
            self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def keys(self, older_than_seconds: float) -> Iterator[str]:
        newest = time.time() - older_than_seconds
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for item in page.get("Contents", []):
                if item["LastModified"].timestamp() <= newest:
                    yield item["Key"].rsplit("/", 1)[-1]

    def check(self) -> None:
        self._client.head_bucket(Bucket=self._bucket)

    def _name(self, key: str) -> str:
        return f"{self._prefix}{key[:2]}/{key}"

    def _keep(self, spooled: Path, key: str) -> None:
        self._client.upload_file(str(spooled), self._bucket, self._name(key))


def open_blobs(url: str, s3_endpoint_url: str = "") -> Blobs:
    """The place that a URL names: `file:///path` or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return DiskBlobs(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        return S3Blobs(parts.netloc, parts.path, s3_endpoint_url)
    raise SettingInvalid(f"blobs cannot be kept at {url!r}: use file:///path or s3://bucket/prefix")


def read_blob(blobs: Blobs, key: str) -> bytes:
    """All bytes of a small blob. Raises KeyError."""
    with contextlib.closing(blobs.open(key)) as stream:
        return stream.read()


def write_blob(blobs: Blobs, data: bytes) -> Blob:
    """Store bytes that are in memory."""
    with blobs.writer() as writer:
        writer.write(data)
        return writer.commit()


def write_blobs(blobs: Blobs, contents: Iterable[tuple[str, bytes]]) -> dict[str, Blob]:
    """Store several, by name: they wait for the disk, or for S3, together, and while the next ones are made."""
    stored: dict[str, Future[Blob]] = {}
    try:
        for name, data in contents:
            stored[name] = _waiters().submit(write_blob, blobs, data)
        return {name: one.result() for name, one in stored.items()}
    finally:
        wait(stored.values())


@functools.cache
def _waiters() -> ThreadPoolExecutor:
    """Threads that wait for the disk; they stay, since a new one takes longer to start than a small blob to write."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="blobs")


@contextlib.contextmanager
def _directory(parent: Path) -> Iterator[Path]:
    with failing_disk_named():
        directory = tempfile.TemporaryDirectory(dir=parent, prefix="work-", ignore_cleanup_errors=True)
    with directory as name:
        yield Path(name)


@contextlib.contextmanager
def failing_disk_named() -> Iterator[None]:
    """Raises StorageFull in the place of an OSError that says that a disk is full or fails."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("the disk that holds the data is full; nothing was stored") from error
        if error.errno in FAILING:
            why = os.strerror(error.errno).lower()
            raise StorageFull(f"the disk that holds the data cannot be written ({why}); nothing was stored") from error
        raise
