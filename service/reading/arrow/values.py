"""A column of Arrow as the domain holds it: whatever its type, its cells mean what the same cells in a file mean.

Texts are read as cells of the column, each different one once where that is less; numbers are numbers, and their
digits in a column of words, truths or dates; truths are one of the two words that the column has for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.domain.arrays import Booleans
from service.domain.cells.columns import Categories, CellInvalid, Values
from service.domain.cells.kinds import Cell, Kind, holds_words, kind_of
from service.domain.cells.readers import json_reader, number_reader, of_truth, text_reader
from service.domain.cells.written import LEAVE_EMPTY, SEND_NULL, TextStyle
from service.reading.arrow.cells import read_cells, without_missing
from service.reading.arrow.types import NO_WORD, NUMBER, WORD, held_by

MICROSECONDS = 1e6
FEW = 4  # where fewer than one in so many cells are different, each is read once
NOT_WITH_COMMA = r"[^0-9,eE+-]"  # thousands may be set apart
NANOSECONDS_IN = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


class ColumnInvalid(ValueError):
    """A column whose type has no meaning in its place. `detail` says what is wrong and how to fix it."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


def values_of(name: str, kind: Kind, column: Any, style: TextStyle) -> Values:
    """The cells of an Arrow array, chunked or not. Raises ColumnInvalid, CellInvalid for the first cell that cannot be
    read."""
    values, wrong = read_values(name, kind, column, style)
    if wrong is not None:
        raise reason(name, kind, column, style, int(np.argmax(wrong)))
    return values


def read_values(name: str, kind: Kind, column: Any, style: TextStyle) -> tuple[Values, Booleans | None]:
    """The cells, missing where they cannot be read, and (n_rows,) where that is so: None where all can be. Raises
    ColumnInvalid."""
    array = plain_array(column)
    of, held = array.type, held_by(array.type)
    if pa.types.is_null(of):
        return _gaps(kind, len(array)), None
    if held == "words":
        return _of_texts(name, kind, array, style)
    if pa.types.is_dictionary(of):
        return read_values(name, kind, array.dictionary_decode(), style)
    if held == "truths":
        return _of_truths(name, kind, array, style)
    if held == "numbers":
        return _of_numbers(name, kind, array, style)
    if held == "times":
        if kind_of(kind).holds == "times":
            return seconds(array), None
        if holds_words(kind) and getattr(of, "tz", None) is None:
            return _by_distinct(kind, array, _moment)
    raise ColumnInvalid(name, f"column {name!r} holds Arrow's {of}, which cannot be read as {kind}; convert it")


def reason(name: str, kind: Kind, column: Any, style: TextStyle, row: int) -> CellInvalid:
    """The error of a cell that cannot be read."""
    scalar = plain_array(column.slice(row, 1))
    if pa.types.is_dictionary(scalar.type):
        scalar = scalar.dictionary_decode()
    cell = scalar[0].as_py()
    try:
        if isinstance(cell, str):
            text_reader(name, kind, style)(cell)
        elif isinstance(cell, bool | int | float):
            json_reader(name, kind, style)(cell)
        else:
            number_reader(name, kind, style)(cell)
    except ValueError as error:
        return CellInvalid(row, name, str(error).replace(LEAVE_EMPTY, "use null for a missing value")
                           .replace(SEND_NULL, "use null for a missing value"))  # fmt: skip
    return CellInvalid(row, name, f"the cell cannot be read as {kind}; use null for a missing value")


def plain_array(column: Any) -> Any:
    """One array of a column that may be in chunks."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return whole if not isinstance(whole, pa.ChunkedArray) else pa.array([], column.type)


def _gaps(kind: Kind, n_rows: int) -> Values:
    if holds_words(kind):
        return Categories(np.full(n_rows, -1, dtype=np.int32), ())
    return np.full(n_rows, np.nan)


def _of_texts(name: str, kind: Kind, array: Any, style: TextStyle) -> tuple[Values, Booleans | None]:
    read, facts = text_reader(name, kind, style), kind_of(kind)
    is_time = facts.holds == "times"
    if pa.types.is_dictionary(array.type) or not (is_time or facts.in_digits):
        return _by_distinct(kind, array, read)
    cells = array if array.type == WORD else pc.cast(array, WORD)
    if is_time:
        encoded = cells.dictionary_encode()
        if len(encoded.dictionary) < len(cells) / FEW:
            return _by_distinct(kind, encoded, read)
    elif (numbers := _plain_numbers(name, cells, style)) is not None:
        return numbers, None
    typed, bad = read_cells(name, kind, style, cells)
    values = seconds(typed) if is_time else floats(typed)
    wrong = np.asarray(pc.fill_null(bad, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return values, wrong if wrong.any() else None


def _plain_numbers(name: str, cells: Any, style: TextStyle) -> npt.NDArray[np.float64] | None:
    """Where every cell is a number that Arrow writes too, but for the decimal comma, or exactly a missing word; else
    None. Arrow knows words for NaN and the infinities: they are left to the patterns."""
    numbers = _cast(cells, style.decimal_of(name))
    if numbers is None:
        missing = pc.is_in(cells, pa.array(style.missing, WORD))
        numbers = _cast(pc.if_else(missing, NO_WORD, cells), style.decimal_of(name))
    total = None if numbers is None else pc.sum(numbers).as_py()
    if numbers is None or (total is not None and not np.isfinite(total)):
        return None
    return floats(without_missing(name, numbers, style))


def _cast(cells: Any, decimal: str) -> Any:
    if decimal == ",":
        if pc.any(pc.match_substring_regex(cells, NOT_WITH_COMMA)).as_py():
            return None
        cells = pc.replace_substring(cells, ",", ".")
    try:
        return pc.cast(cells, NUMBER)
    except pa.ArrowInvalid:
        return None


def _of_truths(name: str, kind: Kind, array: Any, style: TextStyle) -> tuple[Values, Booleans | None]:
    if kind_of(kind).holds == "truths":
        return floats(array), None
    return _by_distinct(kind, array, partial(of_truth, name, kind, style))


def _of_numbers(name: str, kind: Kind, array: Any, style: TextStyle) -> tuple[Values, Booleans | None]:
    if kind_of(kind).holds == "numbers":
        if pa.types.is_decimal(array.type):  # Arrow's own way to float64 is off by a bit here and there
            numbers = pc.cast(pc.cast(array, WORD), NUMBER)
        else:
            numbers = pc.cast(array, NUMBER, safe=False)
        values = floats(without_missing(name, numbers, style))
        infinite = np.isinf(values)
        if not infinite.any():
            return values, None
        return np.where(infinite, np.nan, values), infinite
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return _by_distinct(kind, array, number_reader(name, kind, style))


def _by_distinct(kind: Kind, array: Any, read: Callable[[Any], Cell]) -> tuple[Values, Booleans | None]:
    """Each different cell read once."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    cells: list[Cell] = []
    bad: list[bool] = []
    for cell in _distinct(encoded.dictionary):
        try:
            cells.append(None if cell is None else read(cell))
            bad.append(False)
        except ValueError:
            cells.append(None)
            bad.append(True)
    values = _spread(kind, cells, codes)
    if not any(bad):
        return values, None
    wrong = np.asarray([*bad, False])[codes]
    return values, wrong if wrong.any() else None


def _distinct(dictionary: Any) -> Sequence[Any]:
    """Float32 stays so: its digits are fewer than those of the float64 of the same value."""
    if pa.types.is_float32(dictionary.type) or pa.types.is_float16(dictionary.type):
        return list(dictionary.to_numpy(zero_copy_only=False))
    cells: list[Any] = dictionary.to_pylist()
    return cells


def _spread(kind: Kind, cells: Sequence[Cell], codes: npt.NDArray[Any]) -> Values:
    """The distinct cells, and one missing cell after them, where the codes say."""
    if not holds_words(kind):
        numbers_of = np.asarray([*(np.nan if cell is None else cell for cell in cells), np.nan], dtype=np.float64)
        return np.asarray(numbers_of[codes])
    numbers: dict[Any, int] = {}
    places = [-1 if cell is None else numbers.setdefault(cell, len(numbers)) for cell in cells]
    return Categories(np.asarray([*places, -1], dtype=np.int32)[codes], tuple(numbers))


def floats(column: Any) -> npt.NDArray[np.float64]:
    """Numbers or truths of any type, NaN where one is missing."""
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.uint8())
    if column.null_count:
        column = pc.fill_null(pc.cast(column, NUMBER), np.nan)
    if pa.types.is_float64(column.type) and len(column):  # without to_numpy, which imports pandas where there is one
        return np.frombuffer(column.buffers()[1], np.float64)[column.offset :][: len(column)].copy()
    values = np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    return values


def seconds(moments: Any) -> npt.NDArray[np.float64]:
    """Since 1970 in UTC, to the microsecond before; dates and times of any unit and zone."""
    if pa.types.is_date(moments.type):
        moments = pc.cast(moments, pa.timestamp("ms"))
    unit = NANOSECONDS_IN[moments.type.unit]
    there = pc.fill_null(pc.cast(moments, pa.int64()), 0).to_numpy(zero_copy_only=False)
    microseconds = there * (unit // 1000) if unit >= 1000 else np.floor_divide(there, 1000)
    found = microseconds.astype(np.float64) / MICROSECONDS
    if moments.null_count:
        found[pc.is_null(moments).to_numpy(zero_copy_only=False)] = np.nan
    return np.asarray(found, dtype=np.float64)


def _moment(cell: Any) -> str:
    """A date or a time as a word: 2026-01-31, 2026-01-31 12:00:00.5."""
    text = str(cell)
    return text.rstrip("0") if "." in text else text
