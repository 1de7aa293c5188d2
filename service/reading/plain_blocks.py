"""Blocks of lines of a plain CSV, read by Arrow. What is not plain in a block is left to the careful reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from service.domain.cells.columns import Columns, Values
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import TextStyle
from service.domain.reading.dialect import Found
from service.reading.arrow.types import NUMBER, WORD
from service.reading.arrow.values import plain_array
from service.reading.readings import of_text
from service.reading.rows import Rows, Wrong

BLOCK_BYTES = 1024 * 1024
LONGEST_LINE = 2 * 1024 * 1024


class PlainBlocks:
    """Reads blocks of whole lines, in UTF-8, of the features among the columns."""

    def __init__(
        self, found: Found, kinds: Mapping[str, Kind], style: TextStyle, most_cell_bytes: int, with_table: bool
    ) -> None:
        self._names = [f"{position}" for position in range(len(found.names))]  # theirs may be twice, or none
        self._shown = found.names
        self._kinds = kinds
        self._style = style
        self._most_cell_bytes = most_cell_bytes
        self._with_table = with_table
        self._positions = {name: found.names.index(name) for name in kinds}
        dialect = found.dialect
        self.possible = dialect.quote == '"' and dialect.delimiter != " " and dialect.delimiter.isascii()
        self.possible = self.possible and dialect.is_even
        mark = dialect.delimiter.encode()
        odd = [b'"', b"\0", dialect.escape.encode(), dialect.comment.encode()]
        odd += [mark + b" "] if dialect.blanks_before_quotes else []
        self._odd = [sign for sign in odd if sign and sign != mark]
        numbers = {name for name, kind in kinds.items() if kind_of(kind).in_digits and not style.decimal_of(name)}
        self._numbers = {str(position): NUMBER for name, position in self._positions.items() if name in numbers}
        self._parse = pacsv.ParseOptions(delimiter=dialect.delimiter, quote_char=False)
        self._read = pacsv.ReadOptions(column_names=self._names, use_threads=False, block_size=LONGEST_LINE * 4)

    def rows(self, block: bytes) -> Rows | None:
        """The rows of a block, lines from 1; None when they are not plain."""
        signs = np.frombuffer(block, np.uint8)
        n_lines = np.count_nonzero(signs == ord("\n")) + (not block.endswith(b"\n"))
        if any(sign in block for sign in self._odd) or (b"\r" in block and not _ends_alike(block)) or not _utf8(block):
            return None
        if len(block) > self._most_cell_bytes and _longest_line(block) > self._most_cell_bytes:
            return None
        wanted = [str(position) for position in self._positions.values()]
        typed: dict[str, Any] | None = None
        text: dict[str, Any] | None = None
        with suppress(pa.ArrowInvalid):  # a cell that is no plain number, or a row of another width
            typed = self._table(block, wanted, self._numbers)
        if typed is None or self._with_table:
            try:
                text = self._table(block, self._names if self._with_table else wanted, {})
            except pa.ArrowInvalid:
                return None
        n_rows = len(next(iter((typed or text or {}).values()), ()))
        if n_rows != n_lines:
            return None  # blank lines: no row has a number by counting
        data: dict[str, Values] = {}
        wrong: list[Wrong] = []
        for name, position in self._positions.items():
            column = typed[str(position)] if typed else (text or {})[str(position)]
            if column.type == NUMBER and not _is_finite(column):  # by words that are no plain numbers
                column = self._table(block, [str(position)], {})[str(position)]
            data[name], bad = of_text(name, self._kinds[name], plain_array(column), self._style)
            wrong += bad
        lines = np.arange(1, n_rows + 1, dtype=np.int64)
        table = None
        if self._with_table and text is not None:
            table = {name: plain_array(text[name]) for name in self._names}
        return Rows(Columns(data, n_rows), lines, wrong, table)

    def _table(self, block: bytes, wanted: Sequence[str], numbers: Mapping[str, Any]) -> dict[str, Any]:
        convert = pacsv.ConvertOptions(
            column_types={name: numbers.get(name, WORD) for name in wanted},
            include_columns=list(wanted),
            null_values=list(self._style.missing),
            strings_can_be_null=False,
            check_utf8=False,
        )
        table = pacsv.read_csv(pa.py_buffer(block), self._read, self._parse, convert)
        return dict(zip(wanted, table.columns, strict=True))


def _is_finite(column: Any) -> bool:
    total = pc.sum(column).as_py()
    return total is None or bool(np.isfinite(total)) or bool(pc.all(pc.is_finite(column)).as_py())


def _longest_line(block: bytes) -> int:
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    return int(np.diff(ends, prepend=-1, append=len(block)).max())


def _ends_alike(block: bytes) -> bool:
    returns = block.count(b"\r")
    return returns == block.count(b"\r\n") == block.count(b"\n")


def _utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
