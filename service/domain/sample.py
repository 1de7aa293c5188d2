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
from service.domain.kinds import BOOLEAN_WORDS, MOSTLY, Decision, patterns, question_points, settle
from service.domain.times import MONTHS, read_time
from service.domain.written import BLANKS, TextStyle, read_boolean, read_number

MOST_CELLS = 50_000
LONGEST_VALUE = 100  # longer text is no number and no time
LONG_TEXT = 100.0
FEW_WORDS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    full = [row for row in rows[: max(1, MOST_CELLS // len(names))] if len(row) == len(names)]
    cells: dict[str, Counter[str]] = {}
    for position, name in enumerate(names):
        cells[name] = Counter(row[position] for row in full if not style.is_missing(row[position]))
        if name in declared:
            made.kinds[name] = declared[name].partition(":")[0]  # type: ignore[assignment]
    seen = {name: _seen(cells[name], style) for name in names if name not in declared and _is_likely(cells[name])}
    counts = {name: cells[name].total() for name in seen}
    for name, found in seen.items():
        settle(name, counts[name], found, made)
    question_points(counts, seen, made)
    for name in names:
        if name not in declared:
            made.kinds[name] = _held(name, cells[name], made)
    return made


def typed(names: Sequence[str], rows: Sequence[Sequence[str]], made: Decision) -> tuple[list[list[Any]], list[Misfit]]:
    """The rows as values (numbers, booleans, times, strings; None where missing), and those that do not fit."""
    fitting: list[list[Any]] = []
    misfits: list[Misfit] = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            misfits.append(Misfit(number, "", f"has {len(row)} cells, not {len(names)}"))
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


def _is_likely(cells: Counter[str]) -> bool:
    """Whether most cells begin as numbers and times do."""
    alike = 0
    for cell, count in cells.items():
        text = cell.strip(BLANKS)
        if len(text) <= LONGEST_VALUE and (text < ":" or text[:3].lower() in MONTHS):
            alike += count
    return bool(cells) and alike >= MOSTLY * cells.total()


def _seen(cells: Counter[str], style: TextStyle) -> dict[str, int]:
    """How many cells are written in each way."""
    counts = dict.fromkeys(patterns(style), 0)
    ways = [(what, re.compile(pattern, re.ASCII)) for what, pattern in patterns(style).items()]
    for cell, count in cells.items():
        text = cell.strip(BLANKS)
        for what, pattern in ways:
            if pattern.fullmatch(text):
                counts[what] += count
    return counts


def _held(name: str, cells: Counter[str], made: Decision) -> Kind:
    """The kind that was decided on, if enough cells are of it; else that of words."""
    if cells and all(cell.strip(BLANKS).lower() in BOOLEAN_WORDS for cell in cells):
        return "boolean"
    kind = made.kinds.get(name)
    if kind is not None:
        wrong = sum(count for cell, count in cells.items() if not _fits(name, cell, made))
        if wrong <= (1 - MOSTLY) * cells.total():
            return kind
        what = "numbers" if kind == "numeric" else "times"
        made.note(name, f"{wrong:,} of {cells.total():,} cells are no {what}; declare its type, or null_values")
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
        return None if number != number else number
    if kind == "boolean":
        return read_boolean(cell) == 1.0
    if kind == "datetime":
        try:
            return EPOCH + timedelta(microseconds=read_time(cell, made.style.order_of(name)))
        except OverflowError:
            raise ValueError(f'"{cell}" is no time of the years 1 to 9999') from None
    return cell
