"""Text cells to typed ones in SQL, by the patterns that prediction reads with; and the rows that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from service.domain.times import ISO, read_time
from service.domain.written import (
    BLANKS,
    FALSE_WORDS,
    GROUP_MARKS,
    NOT_A_NUMBER,
    TRUE_WORDS,
    TextStyle,
    number_pattern,
    read_boolean,
    read_number,
    shown,
)
from service.errors import WorkFailed
from workers.ingest.careful import LINE
from workers.ingest.duck import Connection, first_line, quoted, quoted_name

AT_ONCE = 100  # columns in one query: more make a plan too large for its memory
LONGEST_VALUE = 100  # longer text is no number and no time


def trimmed(name: str) -> str:
    """The cell without the blanks around it."""
    return f"trim({quoted_name(name)}, {quoted(BLANKS)})"


def is_present(name: str, style: TextStyle) -> str:
    """Whether the cell is not missing."""
    return f"({quoted_name(name)} IS NOT NULL AND {trimmed(name)} NOT IN ({_words(style.missing)}))"


def value(name: str, type: str, style: TextStyle) -> str:
    """The typed cell; NULL where it is missing or does not fit."""
    cell, text = quoted_name(name), trimmed(name)
    if type == "VARCHAR":
        return f"CASE WHEN {is_present(name, style)} THEN {cell} END"
    if type == "BOOLEAN":
        read = f"CASE WHEN lower({text}) IN ({_words(sorted(TRUE_WORDS))}) THEN true "
        read += f"WHEN lower({text}) IN ({_words(sorted(FALSE_WORDS))}) THEN false END"
    elif type == "DOUBLE":
        read = _number(text, style.decimal_of(name))
    else:
        read = _time(text, style.order_of(name))
    return f"CASE WHEN {is_present(name, style)} AND length({text}) <= {LONGEST_VALUE} THEN {read} END"


def misfits(name: str, type: str, style: TextStyle) -> str:
    """Whether the cell is there and not of the type."""
    there = is_present(name, style)
    if type == "DOUBLE":
        there += f" AND NOT regexp_full_match({trimmed(name)}, {quoted(NOT_A_NUMBER)})"
    return f"({there} AND ({value(name, type, style)}) IS NULL)"


def _number(text: str, decimal: str) -> str:
    plain = text
    if decimal:
        for mark in GROUP_MARKS[decimal]:
            plain = f"replace({plain}, {quoted(mark)}, '')"
        plain = f"replace({plain}, {quoted(decimal)}, '.')"
    matches = f"regexp_full_match({text}, {quoted(number_pattern(decimal))})"
    return f"CASE WHEN {matches} AND isfinite(TRY_CAST({plain} AS DOUBLE)) THEN TRY_CAST({plain} AS DOUBLE) END"


def _time(text: str, order: str) -> str:
    told = f"make_timestamp(time_of({text}, {quoted(order)}))"
    if order:
        return told
    # DuckDB's own cast for the forms that both have: a Python call for each cell would be slow
    cast = f"TRY_CAST({text} AS TIMESTAMPTZ)::TIMESTAMP"
    own = f"CASE WHEN year({cast}) BETWEEN 1 AND 9999 THEN {cast} END"
    return f"CASE WHEN regexp_full_match({text}, {quoted(ISO)}) THEN {own} ELSE {told} END"


def _words(words: Iterable[str]) -> str:
    return ", ".join(map(quoted, words))


def count(connection: Connection, raw: Path, conditions: Mapping[str, str]) -> dict[str, int]:
    """How many rows meet each condition, in as few passes as memory allows."""
    counts: dict[str, int] = {}
    for some in _parts(list(conditions)):
        parts = ", ".join(f"count(*) FILTER ({conditions[key]})" for key in some)
        values = run(connection, f"SELECT {parts} FROM {quoted(str(raw))}")[0]
        counts.update(zip(some, map(int, values), strict=True))  # type: ignore[call-overload]
    return counts


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), AT_ONCE):
        yield keys[first : first + AT_ONCE]


def write_typed(
    connection: Connection,
    raw: Path,
    target: Path,
    stored: Mapping[str, str],
    types: Mapping[str, str],
    style: TextStyle,
    bad: Sequence[str],
) -> None:
    """Write the table without the rows that do not fit in the columns `bad`. `stored` are the types as they are."""
    selected = ", ".join(
        f"{value(name, type, style) if stored[name] == 'VARCHAR' else quoted_name(name)} AS {quoted_name(name)}"
        for name, type in types.items()
    )
    where = " OR ".join(misfits(name, types[name], style) for name in bad)
    run(
        connection,
        f"COPY (SELECT {selected} FROM {quoted(str(raw))} {f'WHERE NOT ({where})' if bad else ''}) "
        f"TO {quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)",
    )


def bad_cells(
    connection: Connection, raw: Path, types: Mapping[str, str], style: TextStyle, bad: Sequence[str], most: int
) -> list[tuple[int, str, str]]:
    """(line, column, reason) of the first rows that do not fit, by their first such cell."""
    if not bad:
        return []
    found: dict[int, tuple[int, str, str]] = {}
    for name in bad:
        rows = run(
            connection,
            f"SELECT {quoted_name(LINE)}, {quoted_name(name)} FROM {quoted(str(raw))} "
            f"WHERE {misfits(name, types[name], style)} ORDER BY 1 LIMIT {most}",
        )
        for line, cell in rows:
            found.setdefault(line, (line, name, _reason(str(cell), name, types[name], style)))  # type: ignore[arg-type]
    return sorted(found.values())[:most]


def _reason(cell: str, name: str, type: str, style: TextStyle) -> str:
    try:
        if type == "DOUBLE":
            read_number(cell, style.decimal_of(name))
        elif type == "BOOLEAN":
            read_boolean(cell)
        else:
            read_time(cell, style.order_of(name))
    except ValueError as error:
        return str(error)
    return f"{shown(cell)} is longer than any {'number' if type == 'DOUBLE' else 'time'}"


def run(connection: Connection, query: str) -> list[tuple[object, ...]]:
    """The rows of a query on our own files. Raises WorkFailed when it needs too much memory."""
    try:
        return connection.execute(query).fetchall()
    except duckdb.OutOfMemoryException:
        raise WorkFailed(
            "out_of_memory",
            "the file has rows too wide for the memory that ingest may use (ADALINE_INGEST_MEMORY_BYTES)",
        ) from None
    except duckdb.InvalidInputException as error:
        raise WorkFailed("not_csv", f"the file cannot be read: {first_line(error)}") from None
