"""The fastest reader: block by block on several threads, for plain files that quote nothing below their header.

Without quotes every line end is the end of a row, so that each block can be read by itself: one of plain numbers by a
kernel, any other by Arrow. Whatever that stumbles on is left to the other readers.
"""

from __future__ import annotations

import csv
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from service.domain.cells.kinds import PLAIN_KIND
from service.domain.cells.written import TextStyle, is_number
from service.domain.reading.dialect import Found
from service.reading.arrow.cells import read_cells, without_missing
from service.reading.arrow.types import NUMBER, WORD
from workers.ingest.readers.digits import AFTER, MARKS, count_lines, read_numbers
from workers.ingest.readers.missing import MissingWords, plain_gaps
from workers.ingest.readers.padded import BEFORE, padded_in

WHOLE = 12 * 1024 * 1024  # a file up to this size is one block, and becomes one group of rows
LEAST, SHARE, MOST = 4 * 1024 * 1024, 32, 8 * 1024 * 1024  # of a larger file a block is a 32nd, within these
LOOKED_AT = 64 * 1024  # at once, for a line's end


def read_unquoted(
    source: Path,
    target: Path,
    found: Found,
    numbers: Collection[str],
    style: TextStyle,
    threads: int,
    check: Callable[[], None],
    missing: MissingWords,
) -> bool:
    """Write every row of a plain file, the columns `numbers` as such and the others as text, whose words for a missing
    cell are counted.

    False when a cell is quoted, a row has any flaw, or a cell of a number column may be none; `target` is then to be
    written anew. Each thread holds one block and its cells, and so much again waits to be written.
    """
    text = [name for name in found.names if name not in numbers]
    with source.open("rb") as file:
        if (start := _start(file, found)) is None:
            return False
        reader = _Reader(file.fileno(), found, numbers, style, missing)
        options: dict[str, Any] = {"compression": "snappy", "use_dictionary": text or False}
        with pq.ParquetWriter(target, reader.schema, **options) as writer:
            for table in _in_order(reader.table, _blocks(file, start), threads):
                if table is None:
                    return False
                writer.write_table(table)
                check()
    return True


def _start(file: Any, found: Found) -> int | None:
    """Where the rows start; None where that cannot be told by the first line end."""
    if not found.dialect.header:
        return 0
    line: bytes = file.readline()
    try:
        names = next(csv.reader([line.decode().rstrip("\r\n")], delimiter=found.dialect.delimiter, strict=True), [])
    except (csv.Error, UnicodeDecodeError):
        return None
    return len(line) if len(names) == len(found.names) else None


def block_bytes(size: int) -> int:
    """How much of a file of this size becomes one group of rows.

    A small file stays in one group, whose quantiles are exact. Of others small blocks keep every core busy to the end,
    and need less memory that the process has never had; a very large file would have too many of them.
    """
    return WHOLE if size <= WHOLE else min(MOST, max(LEAST, size // SHARE))


def _blocks(file: Any, start: int) -> Iterator[tuple[int, int]]:
    """From where to where each block goes: to the first line end after its size."""
    size = os.fstat(file.fileno()).st_size
    block = block_bytes(size)
    cuts = [start]
    while cuts[-1] + block < size:
        place = cuts[-1] + block
        while piece := os.pread(file.fileno(), LOOKED_AT, place):
            end = piece.find(b"\n")
            place += end + 1 if end >= 0 else len(piece)
            if end >= 0:
                break
        cuts.append(place)
    return pairwise([*cuts, size] if cuts[-1] < size else cuts)


class _Reader:
    """Makes a table of each block; a thread reads all of its blocks into the same memory."""

    def __init__(
        self, descriptor: int, found: Found, numbers: Collection[str], style: TextStyle, missing: MissingWords
    ) -> None:
        types = {name: NUMBER if name in numbers else WORD for name in found.names}
        self.schema = pa.schema(types.items())
        self._descriptor = descriptor
        self._delimiter = found.dialect.delimiter
        self._style = style
        self._missing = missing
        numbers_may_lack = any(map(is_number, style.missing))
        self._may_be_plain = self._delimiter not in MARKS and not numbers_may_lack and len(numbers) == len(types)
        # "-999 " is missing where -999 is, and would be a number here
        blanks = [blank for blank in (b" ", b"\t") if blank != self._delimiter.encode()]
        self._refused = [b'"', *(blanks if numbers_may_lack else ())]
        self._parse = pacsv.ParseOptions(delimiter=self._delimiter, quote_char=False)
        self._read = pacsv.ReadOptions(column_names=found.names, use_threads=False)
        # cells of text are looked at below, with the blanks around them
        self._convert = pacsv.ConvertOptions(
            column_types=types, null_values=plain_gaps(style), strings_can_be_null=False, check_utf8=True
        )
        self._own = threading.local()

    def table(self, start: int, end: int) -> Any:
        """The rows from byte `start` to byte `end`; None when they have a flaw."""
        stop = len(BEFORE) + end - start
        buffer = self._buffer(stop + AFTER + 1)
        done = len(BEFORE)
        while done < stop:
            place = start + done - len(BEFORE)
            done += os.preadv(self._descriptor, [memoryview(buffer)[done:stop]], place)
        plain = self._of_plain_numbers(buffer, stop) if self._may_be_plain else None
        return plain or self._of_any_cells(buffer, stop)

    def _of_plain_numbers(self, buffer: bytearray, stop: int) -> Any:
        """The rows of a block up to `stop`; None when any cell is written in a way that the kernel does not know."""
        if buffer[stop - 1] != ord("\n"):  # the last line of the file
            buffer[stop] = ord("\n")
            stop += 1
        text, delimiter, may_lack = np.frombuffer(buffer, np.uint8), ord(self._delimiter), "" in self._style.missing
        cells = np.empty((len(self.schema), count_lines(text, len(BEFORE), stop)))
        gaps = np.zeros(len(cells), np.int64)
        if read_numbers(text, len(BEFORE), stop, delimiter, may_lack, cells, gaps) < 0:
            return None
        columns = [pa.array(column, from_pandas=bool(lacking)) for column, lacking in zip(cells, gaps, strict=True)]
        return pa.table(columns, schema=self.schema)

    def _of_any_cells(self, buffer: bytearray, stop: int) -> Any:
        """The cells as Arrow reads them; None when they have a flaw."""
        refused = any(buffer.find(mark, len(BEFORE), stop) >= 0 for mark in self._refused)
        if refused or padded_in(buffer, stop, self._delimiter):
            return None
        block = pa.py_buffer(buffer).slice(len(BEFORE), stop - len(BEFORE))
        try:
            table = pacsv.read_csv(block, self._read, self._parse, self._convert)
        except pa.ArrowInvalid:  # another reader will say what it is
            return None
        columns = [self._checked(field, column) for field, column in zip(self.schema, table.columns, strict=True)]
        return None if None in columns else pa.table(columns, schema=self.schema)

    def _buffer(self, size: int) -> bytearray:
        """This thread's own, which begins with `BEFORE`."""
        if len(getattr(self._own, "buffer", b"")) < size:
            self._own.buffer = bytearray(size)
            self._own.buffer[: len(BEFORE)] = BEFORE
        return self._own.buffer  # type: ignore[no-any-return]  # a thread's own attributes have no types

    def _checked(self, field: pa.Field, column: Any) -> Any:
        if field.type == WORD:
            cells = [read_cells(field.name, PLAIN_KIND["words"], self._style, chunk)[0] for chunk in column.chunks]
            for chunk, read in zip(column.chunks, cells, strict=True):
                self._missing.count(field.name, chunk, read, None, self._style)
            return pa.chunked_array(cells, field.type)
        total = pc.sum(column).as_py()
        if total is not None and not math.isfinite(total) and not pc.all(pc.is_finite(column)).as_py():
            return None  # a NaN or an infinity, by a word that only the other readers know
        return without_missing(field.name, column, self._style)


def _in_order(make: Callable[[int, int], Any], blocks: Iterator[tuple[int, int]], threads: int) -> Iterator[Any]:
    """What `make` makes of each block. Not more than a few are in memory at once."""
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        for block in blocks:
            waiting.append(pool.submit(make, *block))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
