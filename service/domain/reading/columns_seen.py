"""What the first rows of a file say of each column, and whether the line above them is one of theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from service.domain.cells.times import DAY_AND_MONTH, ISO
from service.domain.cells.written import MISSING_WORDS, is_number

MOST_LOOKED_AT = 1000  # rows
MOSTLY = 0.9
YEARS = (1500, 2200)
_TIME = re.compile(rf"(?:{ISO}|{DAY_AND_MONTH})", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+")
SampleRow = Sequence[str]


def numeric_columns(rows: Sequence[SampleRow], width: int) -> set[int]:
    """The places of the columns of which nine in ten cells that are not missing are numbers."""
    found = set()
    for position in range(width):
        cells = [cell for cell in _cells(rows, position) if cell not in MISSING_WORDS]
        if cells and sum(map(is_number, cells)) >= MOSTLY * len(cells):
            found.add(position)
    return found


def are_whole(rows: Sequence[SampleRow], position: int) -> bool:
    """Whether every cell of a column is a whole number."""
    cells = _cells(rows, position)
    return bool(cells) and all(map(_WHOLE.fullmatch, cells))


def are_distinct(rows: Sequence[SampleRow], position: int) -> bool:
    """Whether no cell of a column is empty or comes twice."""
    cells = _cells(rows, position)
    return "" not in cells and len(set(cells)) == len(cells)


def is_a_row(first: SampleRow, rows: Sequence[SampleRow]) -> bool:
    """Whether a file's first line is one of its rows: it holds numbers where they do, and words that come again.

    Numbers that count, and years, are names all the same. Without a number at all three columns must agree.
    """
    rows = rows[:MOST_LOOKED_AT]
    cells = [cell.strip() for cell in first]
    if not rows or not cells or not cells[0] or not cells[-1]:
        return False
    numeric = numeric_columns(rows, len(cells))
    numbers = [cell for position, cell in enumerate(cells) if position in numeric]
    if numbers:
        if not all(is_number(cell) or cell in MISSING_WORDS for cell in numbers):
            return False
        if not any(map(is_number, numbers)) or is_sequence(numbers):
            return False
    elif len(cells) < 3 or len(rows) < 5:
        return False
    return all(
        position in numeric or cell in MISSING_WORDS or _comes_again(cells, position, rows)
        for position, cell in enumerate(cells)
    )


def is_sequence(cells: Sequence[str]) -> bool:
    """Whether these are numbers that name columns: 0 to n-1 (1 to n from three on), years, or four in equal steps."""
    if not all(map(_WHOLE.fullmatch, cells)) or any(len(cell) > 15 for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    steps = {after - before for before, after in pairwise(values)}
    if len(values) == 1:
        return values == [0]
    if values == list(range(len(values))) or (len(values) > 2 and values == list(range(1, len(values) + 1))):
        return True
    one_way = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    in_years = all(YEARS[0] <= value <= YEARS[1] for value in values)
    return one_way and (in_years or (len(values) > 3 and len(steps) == 1))


def _comes_again(first: SampleRow, position: int, rows: Sequence[SampleRow]) -> bool:
    """Whether a cell of the first line is in its column again, on another line than a repeated first one."""
    cell = first[position]
    if _TIME.fullmatch(cell):
        return True
    return any(
        position < len(row) and row[position].strip() == cell and [other.strip() for other in row] != list(first)
        for row in rows
    )


def _cells(rows: Sequence[SampleRow], position: int) -> list[str]:
    return [row[position].strip() for row in rows[:MOST_LOOKED_AT] if position < len(row)]
