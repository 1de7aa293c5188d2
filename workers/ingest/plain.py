"""The fast reader: DuckDB, for plain files without a flaw. Whatever it stumbles on is left to the careful one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from service.domain.dialect import Dialect, Found
from service.domain.written import BLANKS, TextStyle, is_number
from workers.ingest.duck import PARQUET, Connection, quoted, quoted_name
from workers.ingest.padded import has_padded

CHUNK = 4 * 1024 * 1024
BLOCK = 256 * 1024  # looked at several times, in the processor's cache
MOST_REJECTS = 1000  # kept to see which columns are no numbers after all
LONGEST_LINE = 2_000_000  # DuckDB's own; longer ones are for the careful reader
MOST_COLUMNS = 200  # DuckDB's plan for more takes longer than reading them with care, and more memory
GROUPED = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*")
ODD = re.compile(rb'[ \t\v\f]"|"[ \t\v\f]')
PADDED = re.compile(r"[+-]?0[0-9]")


def is_plain(source: Path, dialect: Dialect, width: int) -> bool:
    """Whether the file is RFC 4180 in UTF-8 with one kind of line end, by the dialect and one scan of its bytes."""
    if (
        (dialect.encoding, dialect.quote, dialect.escape, dialect.comment) != ("utf-8", '"', "", "")
        or dialect.skipped_lines
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
            before = chunk[-64:]
    return returns == 0 or (returns == ends == feeds and not lone_feeds)


def guess(found: Found, style: TextStyle, declared: Mapping[str, str]) -> set[str]:
    """The columns whose first cells are all plain numbers: they are tried as such while the file is read."""
    if style.decimal:
        return set()
    names = set()
    for position, name in enumerate(found.names):
        cells = [row[position] for row in found.rows if position < len(row)]
        present = [cell for cell in cells if not style.is_missing(cell)]
        may_be_one = declared.get(name, "numeric") == "numeric" and not all(map(GROUPED.fullmatch, present))
        if may_be_one and all(map(_is_clean, present)):
            names.add(name)
    return names


def _is_clean(cell: str) -> bool:
    return cell[:1] not in BLANKS and is_number(cell) and not PADDED.match(cell)


def read_plain(
    connection: Connection, source: Path, target: Path, found: Found, numbers: Collection[str], style: TextStyle
) -> set[str] | None:
    """Write every row, the columns `numbers` as such and the others as text; None when a row has any flaw.

    Of `numbers`, those are returned that are numbers to the end. A cell that is none, or begins with 0 like a
    name, is for the time being written as infinity, and its column is then read again as text.
    """
    numbers = set(numbers)
    direct = not has_padded(source, found.dialect.delimiter)
    while True:
        flawed = _copy(connection, source, target, found, numbers, style, direct)
        if flawed is None:
            return None
        if not (odd := flawed or _odd(connection, target, sorted(numbers))):
            return numbers
        numbers -= odd
        direct = False  # a second look finds every other such column at once


def _copy(
    connection: Connection,
    source: Path,
    target: Path,
    found: Found,
    numbers: Collection[str],
    style: TextStyle,
    direct: bool,
) -> set[str] | None:
    """The columns of `numbers` in which cells are none; None when a row has a flaw.

    `direct`: DuckDB's reader makes the numbers, in half the time of a cast; a cell that is none rejects its row.
    """
    made = numbers if direct else ()
    columns = ", ".join(
        f"{quoted(f'c{position}')}: {quoted('DOUBLE' if name in made else 'VARCHAR')}"
        for position, name in enumerate(found.names)
    )
    words = ", ".join(map(quoted, style.missing))
    number = _made_number if direct else _number
    selected = ", ".join(
        f"{number(f'c{position}') if name in numbers else _text(f'c{position}', words)} AS {quoted_name(name)}"
        for position, name in enumerate(found.names)
    )
    read = (
        f"read_csv({quoted(str(source))}, auto_detect=false, columns={{{columns}}}, "
        f"delim={quoted(found.dialect.delimiter)}, quote='\"', escape='\"', "
        f"header={str(found.dialect.header).lower()}, nullstr=[{words}], store_rejects=true, "
        f"rejects_limit={MOST_REJECTS})"
    )
    try:
        for table in ("reject_errors", "reject_scans"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"COPY (SELECT {selected} FROM {read}) TO {quoted(str(target))} ({PARQUET})")
        rejects = connection.execute("SELECT DISTINCT error_type = 'CAST', column_name FROM reject_errors").fetchall()
    except duckdb.Error:  # the careful reader will say what it is
        return None
    if not all(is_cast for is_cast, _ in rejects):
        return None
    places = {f"c{position}": name for position, name in enumerate(found.names)}
    return {places[column] for _, column in rejects}


def _text(column: str, words: str) -> str:
    """Most cells do not begin or end with a blank; those that do may be missing words with blanks around."""
    trimmed = f"trim({column}, {quoted(BLANKS)})"
    return f"CASE WHEN {trimmed} IN ({words}) THEN NULL ELSE {column} END"


def _made_number(column: str) -> str:
    return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"


def _number(column: str) -> str:
    padded = " OR ".join(f"({column} >= '{sign}00' AND {column} < '{sign}0:')" for sign in ("", "-", "+"))
    value, odd = f"TRY_CAST({column} AS DOUBLE)", "'inf'::DOUBLE"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL WHEN {column} >= '1' AND {column} < ':' THEN coalesce({value}, {odd}) "
        f"WHEN isnan({value}) THEN NULL WHEN {column} < '!' OR {padded} THEN {odd} ELSE coalesce({value}, {odd}) END"
    )


def _odd(connection: Connection, target: Path, numbers: Sequence[str]) -> set[str]:
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
