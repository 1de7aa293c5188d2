"""Columns: their kinds, and the one meaning that a cell has in training and in prediction.

A batch of rows is held by column. Numeric, boolean and datetime columns are float64 vectors with NaN for a
missing cell (true is 1, a time is seconds since 1970 in UTC); categorical and text columns are `Categories`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.readers import json_reader, text_reader
from service.domain.cells.written import PLAIN, TextStyle

Codes = npt.NDArray[np.int32]


class CellInvalid(ValueError):
    """A cell that cannot be used. `row` counts from 0; `detail` says what is wrong and how to fix it."""

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


def from_json(column: str, kind: Kind, cells: Sequence[Any], style: TextStyle = PLAIN) -> Values:
    """Cells of one column as JSON values, in a model whose dataset has this style. A null is a missing cell. Raises
    CellInvalid."""
    types, holds = set(map(type, cells)), kind_of(kind).holds
    if holds == "words":
        known = _KnownWords(json_reader(column, kind, style))
        return Categories.of(_each(column, cells, known.read if types <= WORDS else known.of_cell, None))
    if holds == "numbers" and types <= NUMBERS and not style.missing_numbers(column):
        values = _as_they_are(cells)
        if values is not None:
            return values
    return _floats(column, cells, json_reader(column, kind, style))


def from_text(column: str, kind: Kind, cells: Sequence[str | None], style: TextStyle = PLAIN) -> Values:
    """Cells of one column as they stand in a CSV, by the style of the file. Raises CellInvalid."""
    read = text_reader(column, kind, style)
    if kind_of(kind).holds == "words":
        return Categories.of(_each(column, cells, _KnownWords(read).read, None))
    return _floats(column, cells, read)


WORDS = {str, type(None)}
NUMBERS = {int, float, type(None)}


def _as_they_are(cells: Sequence[Any]) -> Floats | None:
    """Numbers and nulls; None where one of them is beyond float64."""
    try:
        values = np.array(cells, dtype=np.float64)
    except OverflowError:
        return None
    gaps = sum(cell is None for cell in cells)
    return values if np.count_nonzero(np.isfinite(values)) == len(values) - gaps else None


def _floats(column: str, cells: Sequence[Any], read: Callable[[Any], Any]) -> Floats:
    def number(cell: Any) -> float:
        value: float | None = read(cell)
        return math.nan if value is None else value

    return np.fromiter(_each(column, cells, number, math.nan), dtype=np.float64, count=len(cells))


class _KnownWords:
    """Reads each different string once."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.of_cell = read
        self._known: dict[str, str | None] = {}

    def read(self, cell: str) -> str | None:
        try:
            return self._known[cell]
        except KeyError:
            word: str | None = self.of_cell(cell)
            self._known[cell] = word
            return word


def _each(column: str, cells: Sequence[Any], read: Callable[[Any], Any], gap: float | None) -> Iterator[Any]:
    for row, cell in enumerate(cells):
        try:
            yield gap if cell is None else read(cell)
        except ValueError as error:
            raise CellInvalid(row, column, str(error)) from None
