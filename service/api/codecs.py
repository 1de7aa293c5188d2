"""Prediction bodies: the rows of a request, in whatever form they came, as typed columns.

A form knows how to cut its rows into typed pieces and where in the body, as it was sent, a cell stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from service.domain.columns import CellInvalid, Columns, Kind, Values
from service.errors import FieldError, RowsInvalid

JSON = "application/json"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"

Kinds = Mapping[str, Kind]


class Rows(Protocol):
    """The rows of one request."""

    def pieces(self, kinds: Kinds, size: int) -> Iterator[Columns]:
        """The rows in order, at most `size` at a time, with the columns of `kinds`. Raises RowsInvalid."""

    def wrong(self, row: int, column: str, detail: str) -> FieldError:
        """What is wrong with a cell; `row` counts from 0 over the whole body."""


def typed(
    rows: Rows,
    kinds: Kinds,
    cells: Mapping[str, Sequence[Any]],
    read: Callable[[str, Kind, Sequence[Any]], Values],
    first: int,
    n_rows: int,
) -> Columns:
    """Columns of cells; row 0 of these is row `first` of the body. Raises RowsInvalid with the first of each column."""
    columns: dict[str, Values] = {}
    errors = []
    for name, kind in kinds.items():
        try:
            columns[name] = read(name, kind, cells[name])
        except CellInvalid as error:
            errors.append(rows.wrong(first + error.row, name, error.detail))
    if errors:
        raise refused(errors)
    return Columns(columns, n_rows)


def refused(errors: Sequence[FieldError]) -> RowsInvalid:
    """The error of several places, told by the first."""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    at = f"{errors[0].pointer}: " if errors[0].pointer else ""
    return RowsInvalid(f"{at}{errors[0].detail}{more}", errors)


def missing_feature(name: str, pointer: str, there: Sequence[str]) -> FieldError:
    """The error of a feature that the body lacks."""
    shown = ", ".join(repr(column) for column in there[:20])
    return FieldError(pointer, f"feature {name!r} is missing; the body has {shown or 'no columns'}")
