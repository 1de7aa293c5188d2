"""Streams that are known to be whole before their last bytes are handed out.

One piece is read ahead, and the last one is given only when the SHA-256 of all is right: who reads to the end has what
was written, and who reads damaged bytes meets an error in the place of the end.
"""

from __future__ import annotations

import hashlib
import io
from typing import IO, TYPE_CHECKING

from service.errors import StorageDamaged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 128 * 1024  # a few of them wait with each answer that nobody reads


def verifying(stream: IO[bytes], sha256: str, key: str = "") -> IO[bytes]:
    """The stream's bytes, with StorageDamaged raised in place of the last ones if their hash differs.

    `key` is the blob's, where that has more than these bytes.
    """
    return io.BufferedReader(_Verifying(stream, sha256, key or sha256), PIECE_BYTES)


class _Verifying(io.RawIOBase):
    def __init__(self, stream: IO[bytes], sha256: str, key: str) -> None:
        self._stream, self._sha256, self._key = stream, sha256, key
        self._hash = hashlib.sha256()
        self._piece = memoryview(b"")
        self._next: bytes | None = None
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._piece:
            self._piece = memoryview(self._advance())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._piece))
        target[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _advance(self) -> bytes:
        """The next piece, once there is one behind it or all are known to be right; b"" at the end."""
        if not self._has_begun:
            self._has_begun, self._next = True, self._read()
        piece, self._next = self._next, self._read() if self._next else b""
        return piece or b""

    def _read(self) -> bytes:
        piece = self._stream.read(PIECE_BYTES)
        self._hash.update(piece)
        if not piece and self._hash.hexdigest() != self._sha256:
            raise StorageDamaged(self._key)
        return piece

    def close(self) -> None:
        self._stream.close()
        super().close()
