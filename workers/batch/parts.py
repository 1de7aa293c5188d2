"""The parts of a result: files that grow a piece at a time, and from which the whole is put together.

The whole has the same bytes wherever one part ended and the next began: a CSV is its lines, whose parts follow each
other; a Parquet file is written from parts in Arrow's own form, in groups of as many rows each.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.jobs.batch import CSV, PARQUET
from service.store.blobs.failing import failing_disk_named
from service.store.blobs.spool import CHUNK

GROUP_ROWS = 131_072  # in each group of a Parquet file's rows but the last
NEEDS_QUOTES = r'[",\r\n]|^$|^\s|\s$'

Check = Callable[[], None]


class Part(Protocol):
    """A file on its way."""

    def add(self, table: pa.Table) -> None:
        """Write a piece. Raises StorageFull."""

    def close(self) -> None:
        """Nothing is added any more. Raises StorageFull."""


class CsvPart:
    """Lines without a header."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")

    def add(self, table: pa.Table) -> None:
        with failing_disk_named():
            self._file.write(lines_of(table))

    def close(self) -> None:
        with failing_disk_named():
            self._file.close()


class ArrowPart:
    """A stream of Arrow's batches, which is read again without being decoded."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        self._stream = pa.ipc.new_stream(self._file, schema)

    def add(self, table: pa.Table) -> None:
        with failing_disk_named():
            self._stream.write_table(table)

    def close(self) -> None:
        with failing_disk_named():
            self._stream.close()
            self._file.close()


def join_csv(parts: Iterable[IO[bytes]], schema: pa.Schema, path: Path, check: Check) -> None:
    """Write the header and all lines."""
    header = io.StringIO(newline="")
    csv.writer(header, lineterminator="\n").writerow(schema.names)
    with failing_disk_named(), path.open("wb") as file:
        file.write(header.getvalue().encode())
        for part in parts:
            while chunk := part.read(CHUNK):
                check()
                file.write(chunk)


def join_parquet(parts: Iterable[IO[bytes]], schema: pa.Schema, path: Path, check: Check) -> None:
    """Write the rows of all parts. Numbers are not worth a dictionary; the other settings are pyarrow's own."""
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    with failing_disk_named(), pq.ParquetWriter(path, schema, use_dictionary=words, compression="zstd") as file:
        for group in _groups(parts, schema, check):
            file.write_table(group, row_group_size=GROUP_ROWS)


def _groups(parts: Iterable[IO[bytes]], schema: pa.Schema, check: Check) -> Iterator[pa.Table]:
    """All rows, GROUP_ROWS at a time, each column of them in one piece of memory: pages end where they always do."""
    waiting: list[Any] = []
    count = 0
    for part in parts:
        for batch in pa.ipc.open_stream(part):
            check()
            waiting.append(batch)
            count += batch.num_rows
            while count >= GROUP_ROWS:
                together = pa.Table.from_batches(waiting, schema)
                yield together.slice(0, GROUP_ROWS).combine_chunks()
                waiting, count = together.slice(GROUP_ROWS).to_batches(), count - GROUP_ROWS
    if count:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()


def lines_of(table: pa.Table) -> Any:
    """The rows as lines of a CSV, in UTF-8, in a buffer. A number is the shortest that reads back as the same."""
    cells = [_cells(column.combine_chunks()) for column in table.columns]
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(lines, "", "\n")
    _, offsets, data = lines.buffers()
    if not len(lines):
        return b""
    ends = np.frombuffer(offsets, np.int32)[lines.offset :]
    return memoryview(data)[ends[0] : ends[len(lines)]]


def _cells(column: Any) -> Any:
    if not pa.types.is_string(column.type):
        return pc.cast(column, pa.string())
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(column, NEEDS_QUOTES), quoted, column)


PARTS: dict[str, Callable[[Path, pa.Schema], Part]] = {CSV: CsvPart, PARQUET: ArrowPart}
JOINED: dict[str, Callable[[Iterable[IO[bytes]], pa.Schema, Path, Check], None]] = {
    CSV: join_csv,
    PARQUET: join_parquet,
}
