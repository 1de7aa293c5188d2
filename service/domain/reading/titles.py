"""Lines above a table that are none of its rows: what a spreadsheet or an agency writes over the header."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Any

from service.domain.cells.written import is_number
from service.domain.reading.columns_seen import is_a_row, is_sequence, numeric_columns
from service.domain.reading.first_records import MOST_LINES_READ, Lines

MOST_LINES = 100
LOOKED_AT = 65_536  # characters
FEWEST_ROWS = 2
TABLE_SHARE = 2 / 3  # of the lines below a header are as wide as it is; others are notes below the table


def lines_above(text: str, whole: bool, delimiters: Sequence[str]) -> int:
    """How many lines stand above the header of a text that begins with one that is not blank; 0 where its first line
    may be the header.

    They are recognised where the table below them shows itself: rows of one width under distinct names, some of them
    over numbers.
    """
    found = [_above(text, whole, mark) for mark in delimiters]
    if any(above == 0 for above in found):
        return 0
    return max((above for above in found if above), default=0)


def _above(text: str, whole: bool, delimiter: str) -> int | None:
    """The lines above the table that this delimiter cuts, 0 for none; None where it cuts no table."""
    records = _records(text[:LOOKED_AT], whole and len(text) <= LOOKED_AT, delimiter)
    widths = Counter(len(record) for _, record in records if len(record) > 1)
    if not widths:
        return None
    width = max(widths, key=lambda one: (widths[one], one))
    widest = 0  # of the lines that are above it
    for place, (line, record) in enumerate(records[:MOST_LINES]):
        if width not in (len(record), len(_named(record))) or _is_title(record):
            widest = max(widest, 1 if _is_title(record) else len(record))
            continue
        below = [row for _, row in records[place + 1 :]]
        if len(below) < FEWEST_ROWS or sum(len(row) == width for row in below) < TABLE_SHARE * len(below):
            return None
        return line if place == 0 or _is_header(record, below, widest <= width / 2) else None
    return None


def _is_title(record: Sequence[str]) -> bool:
    """Whether a line as wide as the table holds one cell at most: a spreadsheet pads its titles so."""
    return sum(bool(cell.strip()) for cell in record) <= 1


def _named(record: Sequence[str]) -> Sequence[str]:
    """A record without the empty cells at its end."""
    named = len(record)
    while named and not record[named - 1].strip():
        named -= 1
    return record[:named]


def _is_header(record: Sequence[str], below: Sequence[Sequence[str]], may_count: bool) -> bool:
    """Whether this is the header of these rows; `may_count`: some names may be numbers such as years."""
    names = [name.strip() for name in _named(record)]
    numbers = [name for name in names if is_number(name)]
    if not all(names[1:]) or len(set(names)) < len(names) or (numbers and not (may_count and is_sequence(numbers))):
        return False
    return bool(numeric_columns(below, len(names))) and not is_a_row(record, below)


def _records(text: str, whole: bool, delimiter: str) -> list[tuple[int, list[str]]]:
    """The records that are not blank, each with the number of lines above it."""
    lines = Lines(text)
    reader: Any = csv.reader(lines, delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    above = 0
    while reader.line_num < MOST_LINES_READ:
        try:
            record = next(reader)
            lines.take()
        except StopIteration:
            return found if whole else found[:-1]
        except csv.Error:
            record = ["?"]
            if whole or not lines.at_end:
                lines.take_first()
        if any(cell.strip() for cell in record):
            found.append((above, record))
        above = lines.number
    return found
