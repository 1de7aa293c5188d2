"""Bytes, immutable and named by their SHA-256: on local disk or in S3, behind one interface.

A blob is spooled to a private temporary file and hashed; `commit` makes it readable under its key. A key that no
row of the database names is an orphan: the sweeper deletes it once it is old.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from service.errors import SettingInvalid, StorageDamaged
from service.store.blobs.disk import DiskBlobs
from service.store.blobs.s3 import S3Blobs
from service.store.blobs.spool import Blob, BlobWriter, StoredBlob


class Blobs(Protocol):
    """Where bytes are kept. Every method that writes raises StorageFull when there is no room."""

    spool: Path
    """A directory of this machine for files without a name."""

    def writer(self) -> BlobWriter:
        """A new blob; used as a context, it leaves nothing behind unless `commit` was called."""

    def put(self, data: bytes) -> Blob:
        """A new blob of bytes that are in memory."""

    def workspace(self) -> contextlib.AbstractContextManager[Path]:
        """A directory of this machine for files on the way; gone, with what is in it, when the context ends.

        It is where a `writer` can take a file over without copying it.
        """

    def open(self, key: str, part: tuple[int, int] | None = None) -> IO[bytes]:
        """A readable stream, of all or of `part` (where it starts, how many bytes). Raises KeyError for a key that is
        not there; of all, StorageDamaged in the place of the last bytes where they are not what was written. A part is
        for its reader to verify."""

    def verify(self, key: str) -> None:
        """Raises StorageDamaged where the blob is not what was written, KeyError where it is not there. A blob that
        this process has found whole is read again only once it was written since."""

    def size(self, key: str) -> int:
        """How many bytes lie there. Raises KeyError."""

    def local(self, key: str) -> contextlib.AbstractContextManager[Path]:
        """A file on this machine with the blob's bytes, verified, for as long as the context lasts. Raises KeyError,
        StorageDamaged."""

    def delete(self, key: str, older_than_seconds: float) -> None:
        """Forget a blob unless it was written (again) since; one that is not there is no error."""

    def listing(self) -> Iterator[StoredBlob]:
        """All that lies there."""

    def keys(self, older_than_seconds: float) -> Iterator[str]:
        """The keys last written at least so long ago."""

    def clear(self, older_than_seconds: float) -> None:
        """Forget what a writer that is gone has left unfinished so long ago."""

    def check(self) -> None:
        """Raises OSError (or the provider's error) when the place cannot be used."""


def open_blobs(url: str, s3_endpoint_url: str = "") -> Blobs:
    """The place that a URL names: `file:///path` or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return DiskBlobs(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        return S3Blobs(parts.netloc, parts.path, s3_endpoint_url)
    raise SettingInvalid(f"unsupported blobs URL {url!r}: use file:///path or s3://bucket/prefix")


@contextlib.contextmanager
def damage_named(what: str, mend: str) -> Iterator[None]:
    """Damage that is found within says what the bytes were, and how to fix it."""
    try:
        yield
    except StorageDamaged as error:
        raise StorageDamaged(error.key, what, mend) from None


def read_blob(blobs: Blobs, key: str) -> bytes:
    """All bytes of a small blob. Raises KeyError, StorageDamaged."""
    with contextlib.closing(blobs.open(key)) as stream:
        return stream.read()
