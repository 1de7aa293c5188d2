"""Columns: their kinds, and the one meaning that a cell has in training and in prediction.

A batch of rows is held by column. Numeric, boolean and datetime columns are float64 vectors with NaN for a
missing cell (true is 1, a time is seconds since 1970 in UTC); categorical and text columns are `Categories`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from service.domain.times import read_time
from service.domain.written import MISSING_WORDS, PLAIN, TextStyle, read_boolean, read_number, shown

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]


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


def from_text(column: str, kind: Kind, cells: Sequence[str | None], style: TextStyle = PLAIN) -> Values:
    """Cells of one column as they stand in a CSV, by the style of the file. Raises CellInvalid."""
    present = [None if cell is None or style.is_missing(cell) else cell for cell in cells]
    return _read(column, kind, present, _from_text(column, style))


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
        raise ValueError(f"{shown(cell)} is not a number; send a number, or null where it is missing")
    try:
        value = float(cell)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{shown(cell)} is not a finite number; send null where it is missing")
    return value


def _boolean_from_json(cell: Any) -> float:
    if not isinstance(cell, bool):
        raise ValueError(f"{shown(cell)} is not true or false; send true, false, or null where it is missing")
    return float(cell)


def _time_from_json(cell: Any) -> float:
    if not isinstance(cell, str):
        raise ValueError(f'{shown(cell)} is not a date; send a string such as "2026-01-31T12:00:00Z"')
    return math.nan if cell in MISSING_WORDS else read_time(cell) / 1e6


def _category_from_json(cell: Any) -> str | None:
    if isinstance(cell, str):
        return None if cell in MISSING_WORDS else cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError(f"{shown(cell)} is not a category; send a string, or null where it is missing")


def _from_text(column: str, style: TextStyle) -> dict[str, Callable[[Any], Any]]:
    decimal, order = style.decimal_of(column), style.order_of(column)
    return {
        "numeric": lambda cell: read_number(cell, decimal),
        "boolean": read_boolean,
        "datetime": lambda cell: read_time(cell, order) / 1e6,
        "categorical": str,
    }


_FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "numeric": _number_from_json,
    "boolean": _boolean_from_json,
    "datetime": _time_from_json,
    "categorical": _category_from_json,
}
