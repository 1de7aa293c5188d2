"""The footer of a Parquet file: where each column's pages are, and how many rows there are.

Arrow's own view of it is not asked: some damaged statistics end the process there
(https://github.com/apache/parquet-format, FileMetaData).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_END
from typing import Any, BinaryIO

from service.reading.parquet.thrift import LIST, Damaged, element, list_head, value_at

MARK = b"PAR1"
ROWS, GROUPS = 3, 4  # fields of the footer
TYPES = 16  # kinds of fields, in four bits


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column's pages in a group of rows: from byte `start`, of `compressed_bytes` and `values` as the footer says."""

    name: str
    start: int
    compressed_bytes: int
    values: int


class Footer:
    """Raises Damaged for what is no Parquet file."""

    def __init__(self, file: BinaryIO) -> None:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MARK or length > size - 8:
            raise Damaged("the file does not end as a Parquet file does")
        file.seek(size - 8 - length)
        self._data = file.read(length)
        self.size = size
        self.rows = 0
        self._groups = 0
        try:
            self._find_fields()
        except IndexError:
            raise Damaged("the footer is truncated") from None

    def chunks(self) -> Iterator[Chunk]:
        """The chunks: each column of each row group. Raises Damaged."""
        if not self._groups:
            return
        try:
            kind, count, at = list_head(self._data, self._groups)
            for _ in range(count):
                group, at = element(self._data, at, kind, 0)
                for column in _listed(group, 1):
                    yield self._chunk(column)
        except IndexError:
            raise Damaged("the footer is truncated") from None

    def _find_fields(self) -> None:
        at = number = 0
        while head := self._data[at]:
            number = number + (head >> 4)
            if head >> 4 == 0:
                raise Damaged("the footer has an unknown field")
            start, kind = at + 1, head & (TYPES - 1)
            if number == GROUPS and kind == LIST:
                self._groups = start
                return  # rows stand before
            value, at = value_at(self._data, start, kind, 0)
            if number == ROWS and isinstance(value, int):
                self.rows = value

    def _chunk(self, column: Any) -> Chunk:
        said = column.get(3) if isinstance(column, dict) else None
        if not isinstance(said, dict):
            raise Damaged("the footer lacks the position of a column's pages")
        name = b".".join(part for part in _listed(said, 3) if isinstance(part, bytes)).decode("utf-8", "replace")
        places = [said[field] for field in (9, 11) if isinstance(said.get(field), int) and said[field] > 0]
        start = min(places, default=self.size)
        if start >= self.size:
            raise Damaged(f"the pages of column {name!r} lie beyond the end of the file")
        values, length = said.get(5), said.get(7)
        if not (isinstance(values, int) and isinstance(length, int) and values >= 0 and length >= 0):
            raise Damaged(f"the footer lacks the size of column {name!r}")
        return Chunk(name, start, length, values)


def _listed(fields: Any, number: int) -> list[Any]:
    listed = fields.get(number) if isinstance(fields, dict) else None
    return listed if isinstance(listed, list) else []
