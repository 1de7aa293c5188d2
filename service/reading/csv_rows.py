"""The rows of a CSV body as it arrives: block by block while it is plain, record by record from the first flaw on."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa

from service.domain.cells.columns import Columns, Values
from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.domain.reading.dialect import SAMPLE_BYTES, Dialect, Found
from service.domain.reading.names import of_header
from service.errors import BodyMalformed, WorkFailed
from service.reading.arriving import Arriving
from service.reading.plain_blocks import BLOCK_BYTES, LONGEST_LINE, PlainBlocks
from service.reading.readings import of_text
from service.reading.records import CsvRecord, records_of
from service.reading.rows import PIECE, Rows, Wrong
from service.reading.settled import settled

FIRST_BLOCK_BYTES = 256 * 1024  # small: a client that sends slowly sees its first answers early


class CsvRows:
    """A CSV body. `names` are its columns, as the header has them."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        kinds: Mapping[str, Kind],
        style: TextStyle,
        options: Mapping[str, Any],
        model: Dialect | None,
        most_cell_bytes: int,
        with_table: bool = False,
        careful: bool = False,
    ) -> None:
        """`options` are those of the query. Raises BodyMalformed for what is no CSV."""
        self._source = Arriving(pieces)
        self._kinds = kinds
        self._style = style
        self._most_cell_bytes = most_cell_bytes
        self._with_table = with_table
        self._careful = careful
        self.looks_like_json = self._source.look(1024)[0].lstrip()[:1] in (b"{", b"[")
        self.found: Found = settled(self._source, options, model, kinds)
        self.names: Sequence[str] = self.found.names

    def parts(self) -> Iterator[Rows]:
        """The rows in order. Every feature must be among the names. Raises BodyMalformed."""
        plain = PlainBlocks(self.found, self._kinds, self._style, self._most_cell_bytes, self._with_table)
        lines_before = 0
        if plain.possible and not self._careful:
            begun = self._skip_header()
            if begun is not None:
                lines_before = begun
                with closing(self._by_blocks(plain)) as blocks:
                    for rows in blocks:
                        if rows.lines is not None:
                            rows.lines += lines_before
                        lines_before += rows.n_rows
                        yield rows
        yield from self._by_records(lines_before)

    def _by_blocks(self, plain: PlainBlocks) -> Generator[Rows]:
        """The rows while they are plain, lines from 1 in each block. From the second on a thread reads each block while
        the next one is taken in and what came of the one before is used."""
        block = self._source.lines(FIRST_BLOCK_BYTES, LONGEST_LINE)
        rows = plain.rows(block) if block else None
        if rows is None:
            self._source.give_back(block or b"")
            return
        yield rows
        with ThreadPoolExecutor(1, "csv") as thread:
            if block := self._source.lines(BLOCK_BYTES, LONGEST_LINE):
                reading = thread.submit(plain.rows, block)
            while block:
                after = self._source.lines(BLOCK_BYTES, LONGEST_LINE)
                rows = reading.result()
                if rows is None:
                    self._source.give_back(block + (after or b""))
                    return
                if after:
                    reading = thread.submit(plain.rows, after)
                yield rows
                block = after

    def _skip_header(self) -> int | None:
        """Read on to the first row; how many lines are above it. None, and nothing is read, where no single line is
        the header."""
        dialect = self.found.dialect
        sample, _ = self._source.look(SAMPLE_BYTES)
        lines = io.StringIO(sample.decode("utf-8", "surrogateescape"), newline="")
        above = [lines.readline() for _ in range(dialect.skipped_lines)]
        if dialect.header:
            above.append(lines.readline())
            try:
                header = next(csv.reader([above[-1]], **dialect.csv_options), [])
            except csv.Error:
                return None
            if of_header(header).names != tuple(self.names) or not above[-1].endswith("\n"):
                return None
        self._source.read(sum(len(line.encode("utf-8", "surrogateescape")) for line in above))
        return len(above)

    def _by_records(self, lines_before: int) -> Iterator[Rows]:
        waiting: list[CsvRecord] = []
        size = 0
        file = self._source.file()
        try:
            for record in records_of(file, self.found.dialect, len(self.names), self._most_cell_bytes, lines_before):
                waiting.append(record)
                size += sum(map(len, record.lines))
                if len(waiting) == PIECE or size > BLOCK_BYTES:
                    yield self._typed(waiting)
                    waiting, size = [], 0
        except WorkFailed as error:
            raise BodyMalformed(error.detail) from None
        if waiting:
            yield self._typed(waiting)

    def _typed(self, records: list[CsvRecord]) -> Rows:
        wrong = [Wrong(row, "", record.reason) for row, record in enumerate(records) if record.reason]
        broken = {one.row for one in wrong}
        data: dict[str, Values] = {}
        for name, kind in self._kinds.items():
            at = self.names.index(name)
            cells = [None if row in broken else record.cells[at] for row, record in enumerate(records)]
            data[name], bad = of_text(name, kind, pa.array(cells, pa.string()), self._style)
            wrong += bad
        table = None
        if self._with_table:
            columns = range(len(self.names))
            table = {str(at): pa.array([_cell(one, at) for one in records], pa.string()) for at in columns}
        lines = np.array([record.line for record in records], dtype=np.int64)
        return Rows(Columns(data, len(records)), lines, wrong, table)


def _cell(record: CsvRecord, at: int) -> str:
    """A cell as it was written; of a row that cannot be cut into cells, what there is."""
    if record.reason and not record.cells:
        return _clean(record.raw) if at == 0 else ""
    return _clean(record.cells[at]) if at < len(record.cells) else ""


def _clean(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
