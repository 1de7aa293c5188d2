"""What a single cell means: a reader for each kind of column, of cells as text and of cells as JSON.

A reader gives a number, a word, or None for a missing cell, and raises ValueError with what is wrong and how to fix it.
A JSON string is read as the same cell in a file would be. A JSON number is a number, and in a column that holds no
numbers it is the cell of its digits: 1 is what the cell "1" is, 3.0 (as pandas holds whole numbers beside gaps) what
the cell "3" is. A JSON truth is one of the two words that a column has for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from service.domain.cells.kinds import Cell, TextReader, kind_of
from service.domain.cells.written import LEAVE_EMPTY, SEND_NULL, TextStyle, digits, shown

JsonReader = Callable[[Any], Cell]


def text_reader(column: str, kind: str, style: TextStyle) -> TextReader:
    """A reader of cells as they stand in a file of this style."""
    of_kind = kind_of(kind).reader(column, style)
    return lambda cell: None if style.is_missing(cell) else of_kind(cell)


def json_reader(column: str, kind: str, style: TextStyle) -> JsonReader:
    """A reader of cells given as JSON values that are not null."""
    of_text, of_number, said = text_reader(column, kind, style), number_reader(column, kind, style), kind_of(kind)

    def read(cell: Any) -> Cell:
        if isinstance(cell, str):
            return of_text(cell)
        if isinstance(cell, bool):
            return of_truth(column, kind, style, cell)
        if isinstance(cell, int | float):
            return of_number(cell)
        raise ValueError(f"{shown(cell)} is not {said.noun}; send {said.sent}, or null if it is missing")

    def read_or_say(cell: Any) -> Cell:
        try:
            return read(cell)
        except ValueError as error:
            raise ValueError(str(error).replace(LEAVE_EMPTY, SEND_NULL)) from None

    return read_or_say


def why_not(column: str, kind: str, style: TextStyle, cell: str) -> str | None:
    """What is wrong with a cell of a file in a column of this kind; None where it can be read."""
    try:
        text_reader(column, kind, style)(cell)
    except ValueError as error:
        return str(error)
    return None


def number_reader(column: str, kind: str, style: TextStyle) -> Callable[[Any], Cell]:
    """A reader of cells that are numbers already, other than NaN."""
    if kind_of(kind).holds == "numbers":
        missing = style.missing_numbers(column)
        return lambda cell: None if (value := finite(cell)) in missing else value
    of_text = text_reader(column, kind, style)
    return lambda cell: of_text(digits(cell) if finite(cell) is not None else "")


def of_truth(column: str, kind: str, style: TextStyle, truth: bool) -> Cell:
    """A cell that is true or false already."""
    said = kind_of(kind)
    if said.holds == "truths":
        return float(truth)
    if said.holds == "words":
        return style.words_of(column)[truth]
    if said.holds == "numbers":
        raise ValueError(f"{shown(truth)} is not a number; send {int(truth)}, or null if it is missing")
    raise ValueError(f"{shown(truth)} is not {said.noun}; send {said.sent}, or null if it is missing")


def finite(cell: float) -> float:
    """The number as float64. Raises ValueError for one beyond it."""
    try:
        value = float(cell)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{shown(cell)} is not a finite number; {SEND_NULL}")
    return value
