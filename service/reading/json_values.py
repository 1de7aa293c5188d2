"""Columns of JSON cells as the domain holds them, and what is wrong with those that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.domain.cells.columns import CellInvalid, Values, from_json
from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.reading.rows import Wrong


def of_json(name: str, kind: Kind, cells: Sequence[Any], style: TextStyle) -> tuple[Values, list[Wrong]]:
    """The cells of one column, None where one is missing. Wrong cells are missing in what is answered."""
    try:
        return from_json(name, kind, cells, style), []
    except CellInvalid:
        pass
    usable = list(cells)
    wrong = []
    for row, cell in enumerate(cells):
        try:
            from_json(name, kind, [cell], style)
        except CellInvalid as error:
            wrong.append(Wrong(row, name, error.detail))
            usable[row] = None
    return from_json(name, kind, usable, style), wrong
