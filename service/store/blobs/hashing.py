"""The SHA-256 of a file while it is written. Of a large one it is taken on a thread beside, which also has the disk
begin: hashing takes longer than all else that is done with the bytes of an upload, and the sync at its end only waits
for what is not yet on the disk.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

BATCH_BYTES = 512 * 1024  # handed over at once; smaller files are hashed where they are written
MOST_WAITING = 4  # batches
STRETCH_BYTES = 8 * 1024 * 1024  # of the file, for which the disk is asked to begin
SYNC_FILE_RANGE_WRITE = 2  # sync_file_range(2)


class Hashing:
    """SHA-256 of the bytes that are added, in their order, as they are written to the file behind a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.sha256()
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._hashed = 0  # bytes; so is what follows
        self._begun = 0
        self._waiting: deque[Future[None]] = deque()
        self._beside: ThreadPoolExecutor | None = None

    def add(self, data: bytes) -> None:
        """Bytes that have been written. Waits when many others are not hashed yet."""
        self._batch.append(data)
        self._batch_bytes += len(data)
        if self._batch_bytes >= BATCH_BYTES:
            self._beside = self._beside or ThreadPoolExecutor(1, thread_name_prefix="hash")
            self._waiting.append(self._beside.submit(self._take, self._batch))
            self._batch, self._batch_bytes = [], 0
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """The hash of all bytes added so far."""
        while self._waiting:
            self._waiting.popleft().result()
        self._take(self._batch)
        self._batch, self._batch_bytes = [], 0
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the thread; the descriptor is not used any more."""
        if self._beside:
            self._beside.shutdown(cancel_futures=True)

    def _take(self, batch: list[bytes]) -> None:
        for data in batch:
            self._hash.update(data)
            self._hashed += len(data)
        if self._hashed - self._begun >= STRETCH_BYTES:
            begin_writing(self._descriptor, self._begun, self._hashed - self._begun)
            self._begun = self._hashed


def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    call = getattr(ctypes.CDLL(None), "sync_file_range", None) if sys.platform == "linux" else None
    if call is not None:
        call.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return call


_begin = _sync_file_range()


def begin_writing(descriptor: int, start: int, size_bytes: int) -> None:
    """Have the disk begin with a part of a file, without waiting for it; a hint, which other systems do not take.

    An error of the disk is told by the fsync that follows.
    """
    if _begin is not None:
        _begin(descriptor, start, size_bytes, SYNC_FILE_RANGE_WRITE)
