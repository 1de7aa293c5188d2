"""A table by the first rows of its file: the kinds that they suggest, and what their cells mean.

Ingest decides by the whole file; it may therefore decide otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.columns import Kind
from service.domain.encodings import BAD
from service.domain.kinds import (
    BOOLEAN_WORDS,
    MOSTLY,
    OF_NUMBERS,
    OF_OTHERS,
    POINTED,
    Decision,
    misfits_note,
    settle,
)
from service.domain.times import read_time
from service.domain.written import BLANKS, TextStyle, number_pattern, read_boolean, read_number

MOST_CELLS = 50_000
LONGEST_VALUE = 100  # longer text is no number and no time
LONG_TEXT = 100.0
FEW_WORDS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POINTED = re.compile(POINTED)
_OF_NUMBERS = [(what, re.compile(pattern, re.ASCII)) for what, pattern in OF_NUMBERS.items()]
_OF_OTHERS = [(what, re.compile(pattern, re.ASCII)) for what, pattern in OF_OTHERS.items()]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A row that would be rejected: `row` counts from 1; `column` is empty where its number of cells is wrong."""

    row: int
    column: str
    reason: str


def decide(
    names: Sequence[str], rows: Sequence[Sequence[str]], declared: Mapping[str, str], style: TextStyle
) -> Decision:
    """The kind of every column by these rows; `declared` kinds, "datetime:dmy" too, go first."""
    orders = {name: said.partition(":")[2] for name, said in declared.items() if ":" in said}
    made = Decision(replace(style, dates={**style.dates, **orders}))
    full = [row for row in rows[: max(1, MOST_CELLS // len(names))] if not _flaw(names, row)]
    cells: dict[str, Counter[str]] = {}
    for position, name in enumerate(names):
        cells[name] = Counter(row[position].strip(BLANKS) for row in full if not style.is_missing(row[position]))
        if name in declared:
            made.kinds[name] = declared[name].partition(":")[0]  # type: ignore[assignment]
    seen = {name: _seen(cells[name], made.style) for name in names if name not in declared}
    settled = settle(seen, made.style)
    made.style, made.notes = settled.style, settled.notes
    for name in seen:
        made.kinds[name] = _held(name, cells[name], settled)
    return made


def typed(names: Sequence[str], rows: Sequence[Sequence[str]], made: Decision) -> tuple[list[list[Any]], list[Misfit]]:
    """The rows as values (numbers, booleans, times, strings; None where missing), and those that do not fit."""
    fitting: list[list[Any]] = []
    misfits: list[Misfit] = []
    for number, row in enumerate(rows, 1):
        if flaw := _flaw(names, row):
            misfits.append(Misfit(number, *flaw))
            continue
        values = []
        for name, cell in zip(names, row, strict=True):
            try:
                values.append(_value(name, cell, made))
            except ValueError as error:
                misfits.append(Misfit(number, name, str(error)))
                break
        else:
            fitting.append(values)
    return fitting, misfits


def _flaw(names: Sequence[str], row: Sequence[str]) -> tuple[str, str] | None:
    """(column, reason) of a row that is none, whatever the kinds."""
    if len(row) != len(names):
        return "", f"has {len(row)} cells, not {len(names)}"
    text = "".join(row)
    if "\0" in text:
        return "", "holds a NUL byte"
    return ("", "holds bytes that are no text in this encoding") if BAD.search(text) else None


def _seen(cells: Counter[str], style: TextStyle) -> Counter[str]:
    """How many cells are written in each way."""
    number = re.compile(number_pattern(style.decimal), re.ASCII)
    seen: Counter[str] = Counter()
    for cell, count in cells.items():
        text = cell.strip(BLANKS)
        seen["all"] += count
        if number.fullmatch(text):
            seen["number"] += count
            seen["pointed"] += count if _POINTED.search(text) else 0
            ways = _OF_NUMBERS
        else:
            seen["words"] += count if text.lower() in BOOLEAN_WORDS else 0
            ways = _OF_OTHERS if len(text) <= LONGEST_VALUE else []
        for what, pattern in ways:
            if pattern.fullmatch(text):
                seen[what] += count
    return seen


def _held(name: str, cells: Counter[str], made: Decision) -> Kind:
    """The kind that was decided on, if enough cells are of it; else that of words."""
    kind = made.kinds.get(name)
    if kind is not None:
        wrong = sum(count for cell, count in cells.items() if not _fits(name, cell, made))
        if wrong <= (1 - MOSTLY) * cells.total():
            return kind
        made.note(name, misfits_note(wrong, cells.total(), kind))
    names_rather_than_kinds = len(cells) > FEW_WORDS and len(cells) > cells.total() / 2
    letters = sum(len(cell) * count for cell, count in cells.items())
    return "text" if names_rather_than_kinds or letters > LONG_TEXT * cells.total() else "categorical"


def _fits(name: str, cell: str, made: Decision) -> bool:
    try:
        _value(name, cell, made)
    except ValueError:
        return False
    return True


def _value(name: str, cell: str, made: Decision) -> Any:
    """Raises ValueError."""
    kind = made.kinds.get(name)
    if made.style.is_missing(cell):
        return None
    if kind == "numeric":
        number = read_number(cell, made.style.decimal_of(name))
        return None if number != number or number in made.style.missing_numbers(name) else number
    if kind == "boolean":
        return read_boolean(cell) == 1.0
    if kind == "datetime":
        try:
            return EPOCH + timedelta(microseconds=read_time(cell, made.style.order_of(name)))
        except OverflowError:
            raise ValueError(f'"{cell}" is no time of the years 1 to 9999') from None
    return made.style.word(cell)
