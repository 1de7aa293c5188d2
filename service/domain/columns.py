"""Columns: their kinds, and the one meaning that a cell has in training and in prediction.

A batch of rows is held by column. Numeric, boolean and datetime columns are float64 vectors with NaN for a
missing cell (true is 1, a time is seconds since 1970 in UTC); categorical and text columns are `Categories`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
MISSING_WORDS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "<NA>")
"""How a missing cell is written in a CSV: an empty cell, or one of the words that the common tools write."""

# the forms that DuckDB takes at ingest, so that a cell means the same on both sides; its few others (epoch, named
# zones, years beyond 9999) are refused here, never read as something else
_BLANKS = " \t\n\v\f\r"
_DIGITS = r"\d+(_\d+)*"
_NUMBER = re.compile(rf"[+-]?({_DIGITS}(\.({_DIGITS})?)?|\.{_DIGITS})([eE][+-]?{_DIGITS})?", re.ASCII)
_NOT_A_NUMBER = re.compile(r"[+-]?nan", re.IGNORECASE)
_TIME = re.compile(
    r"\s*(?P<year>\d{1,6})(?P<mark>[-/ \\])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"([T\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(:(?P<second>\d{1,2})(\.(?P<fraction>\d*))?)?"
    r"(Z| (?i:UTC|GMT)|(?P<sign>[+-])(?P<hours>\d{2})(:?(?P<minutes>\d{2}))?)? *)?",
    re.ASCII,
)
_NOT_WHOLE = ("mark", "sign", "fraction")


class CellInvalid(ValueError):
    """A cell that cannot be used. `row` counts from 0; `detail` says what is wrong and what mends it."""

    def __init__(self, row: int, column: str, detail: str) -> None:
        super().__init__(detail)
        self.row = row
        self.column = column
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Categories:
    """Strings by number: `codes` (n_rows,) int32 into `values`, -1 where the cell is missing."""

    codes: Codes
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[Any]) -> Categories:
        return Categories(self.codes[rows], self.values)

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Categories:
        numbers: dict[str, int] = {}
        codes = [-1 if cell is None else numbers.setdefault(cell, len(numbers)) for cell in cells]
        return cls(np.asarray(codes, dtype=np.int32), tuple(numbers))


Values = Floats | Categories


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows held by column; every column has `n_rows` cells."""

    data: Mapping[str, Values]
    n_rows: int

    def __getitem__(self, name: str) -> Values:
        return self.data[name]

    def floats(self, name: str) -> Floats:
        """A numeric, boolean or datetime column."""
        values = self.data[name]
        if isinstance(values, Categories):
            raise TypeError(f"column {name!r} holds categories, not numbers")
        return values

    def categories(self, name: str) -> Categories:
        """A categorical or text column."""
        values = self.data[name]
        if not isinstance(values, Categories):
            raise TypeError(f"column {name!r} holds numbers, not categories")
        return values

    def take(self, rows: npt.NDArray[Any]) -> Columns:
        """The chosen rows: an index or a boolean mask."""
        data: dict[str, Values] = {
            name: values.take(rows) if isinstance(values, Categories) else values[rows]
            for name, values in self.data.items()
        }
        n_rows = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
        return Columns(data, n_rows)


def missing(values: Values) -> npt.NDArray[np.bool_]:
    """(n_rows,) bool: where the cell is missing."""
    return values.codes < 0 if isinstance(values, Categories) else np.isnan(values)


def from_json(column: str, kind: Kind, cells: Sequence[Any]) -> Values:
    """Cells of one column as JSON values. A null is a missing cell. Raises CellInvalid."""
    return _read(column, kind, cells, _FROM_JSON)


def from_text(column: str, kind: Kind, cells: Sequence[str | None]) -> Values:
    """Cells of one column as they stand in a CSV. MISSING_WORDS are missing. Raises CellInvalid."""
    return _read(column, kind, [None if cell in MISSING_WORDS else cell for cell in cells], _FROM_TEXT)


def _read(column: str, kind: Kind, cells: Sequence[Any], readers: Mapping[str, Callable[[Any], Any]]) -> Values:
    read = readers.get(kind, readers["categorical"])
    if kind in ("categorical", "text"):
        return Categories.of(_each(column, cells, read, None))
    return np.fromiter(_each(column, cells, read, math.nan), dtype=np.float64, count=len(cells))


def _each(column: str, cells: Sequence[Any], read: Callable[[Any], Any], gap: float | None) -> Iterator[Any]:
    for row, cell in enumerate(cells):
        try:
            yield gap if cell is None else read(cell)
        except ValueError as error:
            raise CellInvalid(row, column, str(error)) from None


def _number_from_json(cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError(f"{_shown(cell)} is not a number; send a number, or null where it is missing")
    try:
        value = float(cell)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{_shown(cell)} is not a finite number; send null where it is missing")
    return value


def _boolean_from_json(cell: Any) -> float:
    if not isinstance(cell, bool):
        raise ValueError(f"{_shown(cell)} is not true or false; send true, false, or null where it is missing")
    return float(cell)


def _time_from_json(cell: Any) -> float:
    if not isinstance(cell, str):
        raise ValueError(f'{_shown(cell)} is not a date; send a string such as "2026-01-31T12:00:00Z"')
    return math.nan if cell in MISSING_WORDS else _time_from_text(cell)


def _category_from_json(cell: Any) -> str | None:
    if isinstance(cell, str):
        return None if cell in MISSING_WORDS else cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError(f"{_shown(cell)} is not a category; send a string, or null where it is missing")


def _category_from_text(cell: str) -> str:
    return cell


def _number_from_text(cell: str) -> float:
    text = cell.strip(_BLANKS)
    if _NOT_A_NUMBER.fullmatch(text):
        return math.nan
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{_shown(cell)} is not a number; leave the cell empty where it is missing")
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{_shown(cell)} is too large for a number")
    return value


def _boolean_from_text(cell: str) -> float:
    word = cell.lower()
    if word in TRUE_WORDS:
        return 1.0
    if word in FALSE_WORDS:
        return 0.0
    raise ValueError(f"{_shown(cell)} is not true or false; leave the cell empty where it is missing")


def _time_from_text(cell: str) -> float:
    found = _TIME.fullmatch(cell)
    try:
        if found is None:
            raise ValueError
        part = {name: int(digits or 0) for name, digits in found.groupdict().items() if name not in _NOT_WHOLE}
        days = date(part["year"], part["month"], part["day"]).toordinal() - date(1970, 1, 1).toordinal()
        seconds = _clock(part["hour"], part["minute"], part["second"])
    except ValueError:
        raise ValueError(
            f"{_shown(cell)} is not a date that can be read; write it as 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from None
    microseconds = int((found["fraction"] or "")[:6].ljust(6, "0"))
    offset = part["hours"] * 3600 + part["minutes"] * 60
    seconds += offset if found["sign"] == "-" else -offset
    return ((days * 86_400 + seconds) * 1_000_000 + microseconds) / 1e6


def _clock(hour: int, minute: int, second: int) -> int:
    """Seconds since midnight; 24:00:00 is the next day's. Raises ValueError."""
    seconds = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or seconds > 86_400:
        raise ValueError
    return seconds


_FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "numeric": _number_from_json,
    "boolean": _boolean_from_json,
    "datetime": _time_from_json,
    "categorical": _category_from_json,
}
_FROM_TEXT: dict[str, Callable[[Any], Any]] = {
    "numeric": _number_from_text,
    "boolean": _boolean_from_text,
    "datetime": _time_from_text,
    "categorical": _category_from_text,
}


def is_number(cell: str) -> bool:
    """Whether a CSV's cell is written as a number."""
    return _NUMBER.fullmatch(cell.strip(_BLANKS)) is not None


def is_time(cell: str) -> bool:
    """Whether a CSV's cell is written as a date or a time, the year first."""
    try:
        _time_from_text(cell)
    except ValueError:
        return False
    return True


def _shown(cell: Any) -> str:
    text = repr(cell) if not isinstance(cell, str) else f'"{cell}"'
    return text if len(text) <= 60 else text[:57] + "…"
