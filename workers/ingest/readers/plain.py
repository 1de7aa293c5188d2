"""The fast reader: DuckDB, for plain files without a flaw. Whatever it stumbles on is left to the careful one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import BLANKS, TextStyle, is_number
from service.domain.reading.dialect import Dialect, Found
from workers.ingest.readers.duck import PARQUET, DuckConnection, interrupted_after, quoted, quoted_name
from workers.ingest.readers.duck_types import NUMBER, ODD_NUMBER, WORD
from workers.ingest.readers.missing import plain_gaps
from workers.ingest.readers.padded import has_padded

CHUNK = 4 * 1024 * 1024
BLOCK = 256 * 1024  # looked at several times, in the processor's cache
LONGEST_LINE = 2_000_000  # DuckDB's own; longer ones are for the careful reader
MOST_COLUMNS = 200  # DuckDB's plan for more takes longer than reading them with care, and more memory
# stray quotes can make DuckDB's reader take hours; at such a pace the careful one is faster
PATIENCE_SECONDS = 5.0
SLOWEST = 8_000_000  # bytes a second
GROUPED_OR_DIALLED = re.compile(r"\s*(?:[+-]?[1-9][0-9]{0,2}\.[0-9]{3}|\+[0-9]{8,15})\s*")
ODD = re.compile(rb'[ \t\v\f]"|"[ \t\v\f]')
PADDED = re.compile(r"[+-]?0[0-9]")


def is_plain(source: Path, dialect: Dialect, width: int) -> bool:
    """Whether the file is RFC 4180 in UTF-8 with one kind of line end, by the dialect and one scan of its bytes."""
    if (
        (dialect.encoding, dialect.quote, dialect.escape, dialect.comment) != ("utf-8", '"', "", "")
        or dialect.skipped_lines
        or not dialect.is_even
        or dialect.blanks_before_quotes
        or dialect.delimiter == " "
        or not dialect.delimiter.isascii()
        or not 1 < width <= MOST_COLUMNS
    ):
        return False
    ends, feeds, returns, lone_feeds = 0, 0, 0, False
    delimiter = re.escape(dialect.delimiter.encode())
    odd_quote = re.compile(rb"(?:^|[\r\n]|" + delimiter + rb')[ \t\v\f]+"|"[ \t\v\f]+(?:[\r\n]|' + delimiter + rb"|$)")
    before = b""
    blocks_in_line = 0
    with source.open("rb") as file:
        while chunk := file.read(BLOCK):
            if b"\0" in chunk:
                return False
            if b'"' in chunk and ODD.search(chunk) and odd_quote.search(before + chunk):
                return False
            if returns or b"\r" in chunk:
                returns += chunk.count(b"\r")
                ends += chunk.count(b"\r\n") + (before.endswith(b"\r") and chunk.startswith(b"\n"))
                feeds += chunk.count(b"\n")
            else:
                lone_feeds = lone_feeds or b"\n" in chunk
            blocks_in_line = 0 if b"\n" in chunk else blocks_in_line + 1
            if blocks_in_line * BLOCK > LONGEST_LINE // 2:  # DuckDB has been seen to leave out a first row so long
                return False
            before = chunk[-64:]
    return returns == 0 or (returns == ends == feeds and not lone_feeds)


def guess(found: Found, style: TextStyle, declared: Mapping[str, Kind]) -> set[str]:
    """The columns whose first cells are all plain numbers: they are tried as such while the file is read."""
    if style.decimal:
        return set()
    names, gaps = set(), plain_gaps(style)
    for position, name in enumerate(found.names):
        cells = [row[position] for row in found.rows if position < len(row)]
        present = [cell for cell in cells if cell.strip(BLANKS) not in gaps]
        may_be_one = name not in declared or kind_of(declared[name]).in_digits
        may_be_one = may_be_one and not all(map(GROUPED_OR_DIALLED.fullmatch, present))
        if may_be_one and all(map(_is_clean, present)):
            names.add(name)
    return names


def _is_clean(cell: str) -> bool:
    return cell[:1] not in BLANKS and is_number(cell) and not PADDED.match(cell)


def read_plain(
    connection: DuckConnection, source: Path, target: Path, found: Found, numbers: Collection[str], style: TextStyle
) -> set[str] | None:
    """Write every row, the columns `numbers` as such and the others as text; None when a row has any flaw.

    Of `numbers`, those are returned that are numbers to the end. A cell that is none, or begins with 0 like a
    name, is for the time being written as infinity, and its column is then read again as text.
    """
    # "-999 " is missing where -999 is, and would be a number here
    numbers = set() if any(map(is_number, style.missing)) else set(numbers)
    # a number's cell that is none fails the direct way for the whole file; the second way tells which column has one
    if not has_padded(source, found.dialect.delimiter) and _copy(
        connection, source, target, found, numbers, style, True
    ):
        if not (odd := _odd(connection, target, sorted(numbers))):
            return numbers
        numbers -= odd
    while _copy(connection, source, target, found, numbers, style, False):
        if not (odd := _odd(connection, target, sorted(numbers))):
            return numbers
        numbers -= odd
    return None


def _copy(
    connection: DuckConnection,
    source: Path,
    target: Path,
    found: Found,
    numbers: Collection[str],
    style: TextStyle,
    direct: bool,
) -> bool:
    """Whether no row has a flaw.

    `direct`: DuckDB's reader makes the numbers, in half the time of a cast; a cell that is none is a flaw then. Its
    own rejects are not asked for: of one row with very many cells it would keep the text once for each.
    """
    made = numbers if direct else ()
    columns = ", ".join(
        f"{quoted(f'c{position}')}: {quoted(NUMBER if name in made else WORD)}"
        for position, name in enumerate(found.names)
    )
    words = ", ".join(map(quoted, style.missing))
    number = _made_number if direct else _number
    selected = ", ".join(
        f"{number(f'c{position}') if name in numbers else _text(f'c{position}', words)} AS {quoted_name(name)}"
        for position, name in enumerate(found.names)
    )
    # in a query of its own, so that each cell is trimmed once
    trimmed = ", ".join(
        f"c{position}" if name in numbers else f"trim(c{position}, {quoted(BLANKS)}) AS c{position}"
        for position, name in enumerate(found.names)
    )
    read = _read(source, found, columns, ", ".join(map(quoted, plain_gaps(style))))
    try:
        with interrupted_after(connection, PATIENCE_SECONDS + source.stat().st_size / SLOWEST):
            rows = f"SELECT {selected} FROM (SELECT {trimmed} FROM {read})"
            connection.execute(f"COPY ({rows}) TO {quoted(str(target))} ({PARQUET})")
    except duckdb.Error:  # the careful reader will say what it is
        return False
    return True


def _read(source: Path, found: Found, columns: str, null_words: str) -> str:
    return (
        f"read_csv({quoted(str(source))}, auto_detect=false, columns={{{columns}}}, "
        f"delim={quoted(found.dialect.delimiter)}, quote='\"', escape='\"', "
        f"header={str(found.dialect.header).lower()}, nullstr=[{null_words}])"
    )


def count_missing(
    connection: DuckConnection, source: Path, found: Found, names: Collection[str], style: TextStyle
) -> dict[str, dict[str, int]]:
    """How often each word for a missing cell stands in these columns of a file that `read_plain` has read."""
    words = [word for word in style.missing if word]
    if not names or not words:
        return {}
    columns = ", ".join(f"{quoted(f'c{position}')}: '{WORD}'" for position in range(len(found.names)))
    places = {name: f"trim(c{found.names.index(name)}, {quoted(BLANKS)})" for name in names}
    known = ", ".join(map(quoted, words))
    counted = ", ".join(f"histogram(CASE WHEN {cell} IN ({known}) THEN {cell} END)" for cell in places.values())
    counts = connection.execute(f"SELECT {counted} FROM {_read(source, found, columns, quoted(''))}").fetchall()[0]
    return {name: dict(each) for name, each in zip(places, counts, strict=True) if each}


def _text(column: str, words: str) -> str:
    """Blanks were around a missing word, if it comes so far."""
    return f"CASE WHEN {column} IN ({words}) THEN NULL ELSE {column} END"


def _made_number(column: str) -> str:
    return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"


def _number(column: str) -> str:
    padded = " OR ".join(f"({column} >= '{sign}00' AND {column} < '{sign}0:')" for sign in ("", "-", "+"))
    joined = f"contains({column}, '_')"  # 1990_91 is a number to DuckDB
    value, odd = f"CASE WHEN {joined} THEN NULL ELSE TRY_CAST({column} AS {NUMBER}) END", ODD_NUMBER
    return (
        f"CASE WHEN {column} IS NULL THEN NULL WHEN {column} >= '1' AND {column} < ':' THEN coalesce({value}, {odd}) "
        f"WHEN isnan({value}) THEN NULL WHEN {column} < '!' OR {padded} THEN {odd} ELSE coalesce({value}, {odd}) END"
    )


def _odd(connection: DuckConnection, target: Path, numbers: Sequence[str]) -> set[str]:
    """The columns that hold an infinity."""
    odd = set()
    for first in range(0, len(numbers), 500):
        some = numbers[first : first + 500]
        parts = ", ".join(f"max({quoted_name(name)}), min({quoted_name(name)})" for name in some)
        values = connection.execute(f"SELECT {parts} FROM {quoted(str(target))}").fetchall()[0]
        for position, name in enumerate(some):
            if values[2 * position] == math.inf or values[2 * position + 1] == -math.inf:
                odd.add(name)
    return odd
