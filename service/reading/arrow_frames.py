"""An Arrow stream, message by message: how large each would become is known before Arrow decodes it.

Buffers that are compressed begin with their length once decompressed, as an int64, and Arrow makes that much room
(https://arrow.apache.org/docs/format/Columnar.html, "Compression"). Messages are flatbuffers (Message.fbs).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.errors import BodyMalformed
from service.reading.arriving import Arriving
from service.reading.bounds import Bounds
from service.settings import MIB

CONTINUES = b"\xff\xff\xff\xff"
MOST_METADATA = 64 * MIB
MOST_BUFFERS = 10_000_000
DICTIONARY, RECORDS = 2, 3
TAKEN = 1024 * 1024
MEND = "write the stream in smaller batches"
Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class _Said:
    """What a message says: its body's length, and of a batch its rows, where its buffers begin, and whether each says
    a length of its own."""

    body: int
    rows: int = 0
    starts: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    compressed: bool = False


class Frames:
    """The stream as a file that only Arrow's reader reads, in the steps that it takes. `received` tells how many bytes
    have come so far. Reading raises BodyMalformed, BodyTooLarge."""

    closed = False

    def __init__(self, source: Arriving, bounds: Bounds, received: Callable[[], int]) -> None:
        self._source = source
        self._bounds = bounds
        self._received = received
        self._decoded = 0
        self._parts = self._messages()
        self._part = memoryview(b"")

    def read(self, size: int = -1) -> Buffer:
        """At most `size` bytes, fewer at the end of a part."""
        if not len(self._part):
            self._part = memoryview(next(self._parts, b""))
        taken, self._part = self._part[:size], self._part[size:]
        return taken

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Whoever opened the source closes it."""

    def _messages(self) -> Iterator[Buffer]:
        while True:
            head = self._take(4)
            size = self._take(4) if head == CONTINUES else head
            yield bytes(head)
            if head == CONTINUES:
                yield bytes(size)
            if len(size) < 4 or not (length := int.from_bytes(size, "little", signed=True)):
                return
            if not 0 < length <= MOST_METADATA:
                raise BodyMalformed("the body is no Arrow stream, or is damaged: a message has an invalid length")
            metadata = self._take(length)
            said = _said(metadata)
            yield metadata
            self._bounds.check_at_once(said.body, said.body, "a record batch", MEND)
            body = self._take(said.body)
            if len(body) == said.body:  # else Arrow's reader says that it breaks off
                self._check(said, body)
            if body:
                yield body

    def _take(self, size: int) -> bytearray:
        """Room is made as bytes come, not as they are promised."""
        taken = bytearray()
        while len(taken) < size and (piece := self._source.read(min(TAKEN, size - len(taken)))):
            taken += piece
        return taken

    def _check(self, said: _Said, body: bytearray) -> None:
        decoded = said.rows + (_decompressed(said, body) if said.compressed else said.body)
        self._bounds.check_at_once(decoded, said.body, "a record batch", MEND)
        self._decoded += decoded
        self._bounds.check_whole(self._decoded, self._received(), "what has come of the stream")


def _decompressed(said: _Said, body: bytearray) -> int:
    total = 0
    for start, length in zip(said.starts, said.lengths, strict=True):
        if length >= 8 and 0 <= start <= len(body) - 8:
            says = int.from_bytes(body[start : start + 8], "little", signed=True)
            total += length if says == -1 else max(says, 0)
    return total


def _said(metadata: bytearray) -> _Said:
    """Raises BodyMalformed for what is no message."""
    try:
        message = _table(metadata, 0)
        body = _number(metadata, message, 3, "<q")
        kind = _number(metadata, message, 1, "<B")
        if body < 0:
            raise ValueError
        if kind not in (DICTIONARY, RECORDS) or not (header := _field(metadata, message, 2)):
            return _Said(body)
        batch = _table(metadata, header)
        if kind == DICTIONARY:
            if not (data := _field(metadata, batch, 1)):
                return _Said(body)
            batch = _table(metadata, data)
        rows = _number(metadata, batch, 0, "<q")
        if not _field(metadata, batch, 3):
            return _Said(body, max(rows, 0))
        places = _field(metadata, batch, 2)
        if not places:
            return _Said(body, max(rows, 0))
        vector = places + struct.unpack_from("<I", metadata, places)[0]
        (count,) = struct.unpack_from("<I", metadata, vector)
        if count > min(MOST_BUFFERS, len(metadata) // 16):
            raise ValueError
        numbers = struct.unpack_from(f"<{2 * count}q", metadata, vector + 4)
        return _Said(body, max(rows, 0), numbers[::2], numbers[1::2], compressed=True)
    except (struct.error, ValueError, IndexError):
        raise BodyMalformed("the body is no Arrow stream, or is damaged: a message cannot be read") from None


def _table(data: bytearray, at: int) -> int:
    """Where the table is that a flatbuffers' offset at `at` leads to."""
    return int(at + struct.unpack_from("<I", data, at)[0])


def _field(data: bytearray, table: int, number: int) -> int:
    """Where a table's field stands; 0 where it is left out."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise ValueError
    (size,) = struct.unpack_from("<H", data, vtable)
    slot = 4 + 2 * number
    offset = struct.unpack_from("<H", data, vtable + slot)[0] if slot + 2 <= size else 0
    return int(table + offset) if offset else 0


def _number(data: bytearray, table: int, number: int, form: str) -> int:
    at = _field(data, table, number)
    return int(struct.unpack_from(form, data, at)[0]) if at else 0
