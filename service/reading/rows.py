"""Rows on their way to a predictor: typed columns, where each row stands in the body, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.cells.columns import Categories, Columns, Values

PIECE = 8192
"""Rows that are predicted at once. A sum's last bits may depend on how many rows a product has: with the same number
in every form and however a body is cut on its way, the same rows have the same answers bit for bit."""


@dataclass(slots=True)
class Wrong:
    """Why a row cannot be used. `column` is "" for a row that is none of the table's."""

    row: int
    column: str
    detail: str


@dataclass(slots=True)
class Rows:
    """`lines` (n_rows,) are the physical lines where the rows begin, None in a form that has no lines. Cells of
    `wrong` are missing in `columns`; `row` counts from 0 within these. `table` are the columns as they came, if they
    are wanted: Arrow arrays by name."""

    columns: Columns
    lines: npt.NDArray[np.int64] | None = None
    wrong: list[Wrong] = field(default_factory=list)
    table: dict[str, Any] | None = None

    @property
    def n_rows(self) -> int:
        return self.columns.n_rows

    def slice(self, start: int, stop: int) -> Rows:
        """Some of the rows; nothing is copied."""
        columns = {name: _slice(values, start, stop) for name, values in self.columns.data.items()}
        wrong = [Wrong(one.row - start, one.column, one.detail) for one in self.wrong if start <= one.row < stop]
        return Rows(
            Columns(columns, stop - start),
            None if self.lines is None else self.lines[start:stop],
            wrong,
            None if self.table is None else {name: cells[start:stop] for name, cells in self.table.items()},
        )


def in_pieces(parts: Iterable[Rows], size: int = PIECE) -> Iterator[Rows]:
    """The rows, `size` at a time except for the last."""
    waiting: list[Rows] = []
    n_waiting = 0
    for part in parts:
        start = 0
        while n_waiting + part.n_rows - start >= size:
            stop = start + size - n_waiting
            waiting.append(part.slice(start, stop))
            yield joined(waiting)
            waiting, n_waiting, start = [], 0, stop
        if start < part.n_rows:
            waiting.append(part.slice(start, part.n_rows))
            n_waiting += part.n_rows - start
    if n_waiting:
        yield joined(waiting)


def joined(parts: list[Rows]) -> Rows:
    """Rows of several parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    columns = {name: _joined([part.columns[name] for part in parts]) for name in first.columns.data}
    wrong, n_rows = [], 0
    for part in parts:
        wrong += [Wrong(n_rows + one.row, one.column, one.detail) for one in part.wrong]
        n_rows += part.n_rows
    lines = None if first.lines is None else np.concatenate([part.lines for part in parts if part.lines is not None])
    table = None
    if first.table is not None:
        table = {name: _stacked([part.table[name] for part in parts if part.table]) for name in first.table}
    return Rows(Columns(columns, n_rows), lines, wrong, table)


def _slice(values: Values, start: int, stop: int) -> Values:
    return Categories(values.codes[start:stop], values.values) if isinstance(values, Categories) else values[start:stop]


def _joined(parts: list[Values]) -> Values:
    numbers: dict[str, int] = {}
    codes = []
    for part in parts:
        if not isinstance(part, Categories):
            return np.concatenate([one for one in parts if not isinstance(one, Categories)])
        into = [numbers.setdefault(value, len(numbers)) for value in part.values]
        codes.append(np.asarray([*into, -1], dtype=np.int32)[part.codes])
    return Categories(np.concatenate(codes), tuple(numbers))


def _stacked(arrays: list[Any]) -> Any:
    import pyarrow as pa

    return pa.concat_arrays([chunk for one in arrays for chunk in (one.chunks if hasattr(one, "chunks") else [one])])
