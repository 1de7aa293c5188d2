"""A column of Arrow as the domain holds it, with what is wrong with each cell that cannot be read."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.domain.cells.columns import Values
from service.domain.cells.kinds import Kind
from service.domain.cells.readers import why_not
from service.domain.cells.written import TextStyle
from service.reading.arrow.values import read_values, reason
from service.reading.rows import Wrong

UNREAD = "the cell cannot be read"
MOST_TOLD = 1000  # wrong cells of one column whose reason is looked for; no more rows are ever listed


def of_arrow(name: str, kind: Kind, column: Any, style: TextStyle) -> tuple[Values, list[Wrong]]:
    """The cells of a table's column; wrong ones are missing. Raises ColumnInvalid."""
    values, mask = read_values(name, kind, column, style)
    wrong = [Wrong(row, name, reason(name, kind, column, style, row).detail) for row in _told(mask)]
    return values, wrong + _untold(name, mask)


def of_text(name: str, kind: Kind, cells: Any, style: TextStyle) -> tuple[Values, list[Wrong]]:
    """The cells of a text file's column: an array of strings. Wrong ones are missing."""
    values, mask = read_values(name, kind, cells, style)
    wrong = [Wrong(row, name, why_not(name, kind, style, cells[row].as_py()) or UNREAD) for row in _told(mask)]
    return values, wrong + _untold(name, mask)


def _told(mask: Any) -> list[int]:
    return [] if mask is None else np.flatnonzero(mask)[:MOST_TOLD].tolist()


def _untold(name: str, mask: Any) -> list[Wrong]:
    rows = [] if mask is None else np.flatnonzero(mask)[MOST_TOLD:].tolist()
    return [Wrong(row, name, UNREAD) for row in rows]
