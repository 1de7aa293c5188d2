"""The headers of a Parquet file's pages, read without decoding a page: how large each is once decompressed.

The footer's sizes are the writer's word, and readers make room by those of the pages. Headers are structs of Thrift's
compact protocol (https://github.com/apache/parquet-format, PageHeader).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

READ_BYTES = 256  # of a header at first: statistics make some longer
MOST_HEADER_BYTES = 16 * 1024 * 1024  # as Arrow's reader has it
DATA, DICTIONARY, DATA_V2 = 0, 2, 3
DELTA_BYTE_ARRAY = 7
DEEPEST = 8
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)

Fields = dict[int, Any]


class PagesDamaged(ValueError):
    """Bytes where a page's header must be, and that are none."""


@dataclass(frozen=True, slots=True)
class Page:
    """`values` are those of a data page; of a dictionary its words."""

    is_dictionary: bool
    values: int
    decompressed_bytes: int
    encoding: int


def pages(file: BinaryIO, start: int, end: int, values: int) -> Iterator[Page]:
    """The pages of a column in a group of rows, from `start` to where both `end` and its `values` are reached. Raises
    PagesDamaged."""
    seen = 0
    while start < end or seen < values:
        fields, length = _header(file, start)
        compressed, decompressed = _size(fields, 3), _size(fields, 2)
        kind = fields.get(1)
        inner = fields.get({DATA: 5, DICTIONARY: 7, DATA_V2: 8}.get(kind or 0, -1))
        if isinstance(inner, dict):
            count, encoding = _size(inner, 1), inner.get(4 if kind == DATA_V2 else 2)
            yield Page(kind == DICTIONARY, count, decompressed, encoding if isinstance(encoding, int) else -1)
            seen += 0 if kind == DICTIONARY else count
        start += length + compressed


def _header(file: BinaryIO, start: int) -> tuple[Fields, int]:
    """The fields of the header at `start`, and how long it is."""
    size = READ_BYTES
    while True:
        file.seek(start)
        data = file.read(size)
        try:
            return _struct(data, 0, 0)
        except IndexError:
            if len(data) < size or size >= MOST_HEADER_BYTES:
                raise PagesDamaged("a page's header breaks off") from None
            size *= 16


def _size(fields: Fields, number: int) -> int:
    value = fields.get(number)
    if not isinstance(value, int) or value < 0:
        raise PagesDamaged("a page's header says no size")
    return value


def _struct(data: bytes, at: int, depth: int) -> tuple[Fields, int]:
    """Fields by number. Raises IndexError where the data break off."""
    if depth > DEEPEST:
        raise PagesDamaged("a page's header is nested too deep")
    fields: Fields = {}
    number = 0
    while True:
        head = data[at]
        at += 1
        kind = head & 15
        if kind == STOP:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            number, at = _zigzag(data, at)
        fields[number], at = _value(data, at, kind, depth)


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """Numbers and structs; what is passed over is None."""
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind in (I16, I32, I64):
        return _zigzag(data, at)
    if kind == STRUCT:
        return _struct(data, at, depth + 1)
    if kind in (BYTE, DOUBLE, BINARY):
        size, at = _varint(data, at) if kind == BINARY else (1 if kind == BYTE else 8, at)
        if at + size > len(data):
            raise IndexError
        return None, at + size
    if kind in (LIST, SET):
        head = data[at]
        count, at = _varint(data, at + 1) if head >> 4 == 15 else (head >> 4, at + 1)
        for _ in range(count):
            at = _element(data, at, head & 15, depth)
        return None, at
    raise PagesDamaged("a page's header has a field of no known type")  # no header has maps


def _element(data: bytes, at: int, kind: int, depth: int) -> int:
    """Past an element of a list, where a truth takes a byte."""
    if depth > DEEPEST:
        raise PagesDamaged("a page's header is nested too deep")
    if kind in (TRUE, FALSE):
        kind = BYTE
    end = _value(data, at, kind, depth + 1)[1]
    if end == at:
        raise PagesDamaged("a page's header has a list of nothing")
    return end


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise PagesDamaged("a page's header has a number of too many bytes")
