"""Text cells to typed ones, by Arrow, with the patterns that prediction has in `re`: a column of cells at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.cells.kinds import Kind
from service.domain.cells.times import read_time
from service.domain.cells.written import (
    BLANKS,
    FALSE_WORDS,
    NOT_A_NUMBER,
    TRUE_WORDS,
    TextStyle,
    number_pattern,
    unwritten,
)
from service.reading.arrow.types import NO_NUMBER, NO_TRUTH, NO_WORD, NUMBER, TIME, WORD

CLEAN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?Z?)?"
CACHED_TIMES = 65_536


def present(cells: Any, style: TextStyle) -> tuple[Any, Any]:
    """The cells without blanks around them, and whether each is there."""
    text = pc.utf8_trim(cells, BLANKS)
    missing = pc.is_in(text, pa.array(style.missing, WORD))
    return text, pc.and_(pc.is_valid(cells), pc.invert(missing))


def matches(text: Any, pattern: str) -> Any:
    """Whether each cell is of the pattern, from its start to its end."""
    return pc.fill_null(pc.match_substring_regex(text, f"^(?:{pattern})$"), False)


def read_cells(name: str, kind: Kind, style: TextStyle, cells: Any) -> tuple[Any, Any]:
    """The typed cells, null where they are missing or do not fit; and whether each is there and does not fit, None for
    words, which all do. Words are without the blanks around them."""
    text, there = present(cells, style)
    return READ[kind](name, style, text, there)


def _words(name: str, style: TextStyle, text: Any, there: Any) -> tuple[Any, Any]:
    return pc.if_else(there, text, NO_WORD), None


def _numbers(name: str, style: TextStyle, text: Any, there: Any) -> tuple[Any, Any]:
    there = pc.and_(there, pc.invert(matches(text, NOT_A_NUMBER)))
    text = pc.if_else(there, text, NO_WORD)
    values = _as_numbers(text, style.decimal_of(name), style.mark_of(name))
    return without_missing(name, values, style), pc.and_(there, pc.is_null(values))


def _truths(name: str, style: TextStyle, text: Any, there: Any) -> tuple[Any, Any]:
    words = pc.utf8_lower(pc.if_else(there, text, NO_WORD))
    true, false = (pc.is_in(words, pa.array(sorted(known))) for known in (TRUE_WORDS, FALSE_WORDS))
    values = pc.if_else(pc.or_(true, false), true, NO_TRUTH)
    return values, pc.and_(there, pc.is_null(values))


def _times(name: str, style: TextStyle, text: Any, there: Any) -> tuple[Any, Any]:
    values = _as_times(pc.if_else(there, text, NO_WORD), style.order_of(name))
    return values, pc.and_(there, pc.is_null(values))


READ: Mapping[Kind, Callable[[str, TextStyle, Any, Any], tuple[Any, Any]]] = {
    "numeric": _numbers,
    "boolean": _truths,
    "categorical": _words,
    "datetime": _times,
    "text": _words,
}
"""By kind, what `read_cells` makes of trimmed texts and of which of them are there."""


def without_missing(name: str, numbers: Any, style: TextStyle) -> Any:
    """The numbers, null where they are one that is declared to stand for a missing cell."""
    missing = style.missing_numbers(name)
    if not missing:
        return numbers
    return pc.if_else(pc.is_in(numbers, pa.array(sorted(missing))), NO_NUMBER, numbers)


def _as_numbers(text: Any, decimal: str, mark: str) -> Any:
    text = pc.if_else(matches(text, number_pattern(decimal, mark)), text, NO_WORD)
    for what, by in unwritten(decimal, mark):
        text = pc.replace_substring(text, what, by)
    text = pc.replace_substring_regex(text, r"^\+", "")
    try:
        values = pc.cast(text, NUMBER)
    except pa.ArrowInvalid:  # a number too large, or written in a way that Arrow does not have
        values = pa.array([None if cell is None else float(cell) for cell in text.to_pylist()], NUMBER)
    return pc.if_else(pc.is_finite(values), values, NO_NUMBER)


def _as_times(text: Any, order: str) -> Any:
    """By Arrow where the cells are plain ISO, else one by one as prediction reads them."""
    if not order and (pc.all(pc.match_substring_regex(text, f"^(?:{CLEAN_TIME})$"), min_count=0).as_py()):
        try:
            return pc.cast(pc.replace_substring_regex(text, "Z$", ""), TIME)
        except pa.ArrowInvalid:  # a day that no month has, or an hour that ends the day
            pass
    encoded = text.dictionary_encode()
    times = pa.array(map(partial(_time, order), encoded.dictionary.to_pylist()), TIME)
    return times.take(encoded.indices)


@lru_cache(maxsize=CACHED_TIMES)
def _time(order: str, cell: str) -> int | None:
    try:
        return read_time(cell, order)
    except ValueError:
        return None
