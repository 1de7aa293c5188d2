"""A table by the first rows of its file: the kinds that they suggest, and what their cells mean.

Ingest decides by the whole file; it may therefore decide otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.readers import text_reader, why_not
from service.domain.cells.times import read_time
from service.domain.cells.ways import ways_of
from service.domain.cells.written import BLANKS, TextStyle
from service.domain.reading.declared import declared_kinds
from service.domain.reading.encodings import BAD
from service.domain.reading.free_text import kind_of_words
from service.domain.reading.kinds import Decision, gaps_note, settle
from service.domain.reading.odd_cells import as_numbers, declared_words, doubtful, judge, missing_notes, odd_note
from service.domain.reading.units import beneath_units

MOST_CELLS = 50_000
LONGEST_VALUE = 100  # longer text is no number and no time
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
    """The kind of every column by these rows; `declared` kinds, "datetime:dmy" too, go first. Raises DialectInvalid for
    a declared column that is not there."""
    kinds, orders = declared_kinds(declared, names)
    made = Decision(replace(style, dates={**style.dates, **orders}))
    full = [row for row in rows[: max(1, MOST_CELLS // len(names))] if not _flaw(names, row)]
    cells: dict[str, Counter[str]] = {}
    for position, name in enumerate(names):
        cells[name] = _cells(full, position, style)
    gaps = {name: _gaps(full, position, style) for position, name in enumerate(names)}
    words = declared_words(style, sorted({word for counts in gaps.values() for word in counts}))
    numeric = [name for name, kind in kinds.items() if kind_of(kind).in_digits]
    asked = [name for name in names if name not in kinds]
    seen = {name: _seen(cells[name], made.style) for name in (*asked, *numeric)}
    first = {name: _seen(_cells(full[:1], names.index(name), style), made.style) for name in asked}
    beneath = beneath_units({name: seen[name] for name in asked}, first, made.style) if len(full) > 1 else {}
    settled = settle({**seen, **beneath}, made.style, numeric)
    made.style, made.notes = settled.style, settled.notes
    made.kinds.update(kinds)
    for name in asked:
        made.kinds[name] = _held(name, cells[name], seen[name], settled, bool(beneath), words)
    for name, counts in seen.items():
        if kind_of(made.kinds[name]).holds == "numbers" and (note := gaps_note(counts)):
            made.note(name, note)
    for name in names:
        for note in missing_notes(gaps[name], len(full), kind_of(made.kinds[name]).is_measured, made.style, words):
            made.note(name, note)
    return made


def _cells(rows: Sequence[Sequence[str]], position: int, style: TextStyle) -> Counter[str]:
    """The different cells of a column that are there."""
    return Counter(row[position].strip(BLANKS) for row in rows if not style.is_missing(row[position]))


def _gaps(rows: Sequence[Sequence[str]], position: int, style: TextStyle) -> Counter[str]:
    """The words for a missing cell in a column."""
    return Counter(cell for row in rows if (cell := row[position].strip(BLANKS)) and cell in style.missing)


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
                values.append(_value(name, cell, made.kinds[name], made.style))
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
    seen: Counter[str] = Counter()
    for cell, count in cells.items():
        seen["all"] += count
        for what in ways_of(cell, style.decimal) if len(cell) <= LONGEST_VALUE else ():
            seen[what] += count
    return seen


def _held(
    name: str, cells: Counter[str], seen: Counter[str], made: Decision, has_units: bool, words: Sequence[str]
) -> Kind:
    """The kind that was decided on, if enough cells are of it; else that of words. `words` stand for missing cells."""
    kind = made.kinds.get(name)
    if odd := doubtful(kind, seen, made.style):
        style = made.style if kind else as_numbers(name, seen, made.style)
        for cell, count in cells.items():
            if why_not(name, odd.kind, style, cell):
                odd.add(cell, count)
        if judge(name, odd, made, MOST_CELLS, has_units):
            made.note(name, odd_note(odd, words))
    letters = sum(len(cell) * count for cell, count in cells.items())
    return made.kinds.get(name) or kind_of_words(len(cells), cells.total(), letters)


def _value(name: str, cell: str, kind: Kind, style: TextStyle) -> Any:
    """Raises ValueError."""
    holds = kind_of(kind).holds
    if holds == "times" and not style.is_missing(cell):
        try:  # to the microsecond, which the seconds of the reader do not tell in all years
            return EPOCH + timedelta(microseconds=read_time(cell, style.order_of(name)))
        except OverflowError:
            raise ValueError(f'"{cell}" is no time of the years 1 to 9999') from None
    value = text_reader(name, kind, style)(cell)
    if value is None or value != value:
        return None
    return value == 1.0 if holds == "truths" else value
