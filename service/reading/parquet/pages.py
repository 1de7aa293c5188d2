"""The headers of a Parquet file's pages, read without decoding a page: how large each is once decompressed.

The footer's sizes are the writer's word, and readers make room by those of the pages. Headers are structs of Thrift's
compact protocol (https://github.com/apache/parquet-format, PageHeader).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from service.reading.parquet.thrift import Damaged, Fields, struct

READ_BYTES = 256  # of a header at first: statistics make some longer
MOST_HEADER_BYTES = 16 * 1024 * 1024  # as Arrow's reader has it
DATA, DICTIONARY, DATA_V2 = 0, 2, 3
DELTA_BYTE_ARRAY = 7


@dataclass(frozen=True, slots=True)
class ParquetPage:
    """`values` are those of a data page; of a dictionary its words."""

    is_dictionary: bool
    values: int
    decompressed_bytes: int
    encoding: int


def pages(file: BinaryIO, start: int, end: int, values: int) -> Iterator[ParquetPage]:
    """The pages of a column in a group of rows, from `start` to where both `end` and its `values` are reached. Raises
    Damaged."""
    seen = 0
    while start < end or seen < values:
        fields, length = _header(file, start)
        compressed, decompressed = _size(fields, 3), _size(fields, 2)
        kind = fields.get(1)
        inner = fields.get({DATA: 5, DICTIONARY: 7, DATA_V2: 8}.get(kind or 0, -1))
        if isinstance(inner, dict):
            count, encoding = _size(inner, 1), inner.get(4 if kind == DATA_V2 else 2)
            yield ParquetPage(kind == DICTIONARY, count, decompressed, encoding if isinstance(encoding, int) else -1)
            seen += 0 if kind == DICTIONARY else count
        start += length + compressed


def _header(file: BinaryIO, start: int) -> tuple[Fields, int]:
    """The fields of the header at `start`, and how long it is."""
    size = READ_BYTES
    while True:
        file.seek(start)
        data = file.read(size)
        try:
            return struct(data, 0, 0)
        except IndexError:
            if len(data) < size or size >= MOST_HEADER_BYTES:
                raise Damaged("a page header is truncated") from None
            size *= 16


def _size(fields: Fields, number: int) -> int:
    value = fields.get(number)
    if not isinstance(value, int) or value < 0:
        raise Damaged("a page header has no size")
    return value
