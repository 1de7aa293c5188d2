"""Columns of one table read as the features of a model that another table made: what converts, and what does not.

A cell keeps the meaning that it has for `/predict` as a cell of a CSV. Where the table no longer has what was written
(a number may have been 1, 1.0 or 01), the column does not convert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from service.domain.cells.kinds import Kind, holds_words, kind_of
from service.domain.cells.table import Column, Table
from service.domain.sentences import few
from service.errors import FieldError, SpecInvalid, told_by_first

Conversion = Literal["same", "text", "digits", "gaps"]
"""How a stored column is read: as it is; its words as cells of a CSV, which may be none of the kind; its whole numbers
by their digits; or, where no cell is there, as missing cells of any kind."""

POINTER = "/dataset"
LARGEST_WHOLE = 2**53  # up to here a float64 is the integer that was written


def ways(features: Mapping[str, Kind], table: Table) -> dict[str, Conversion]:
    """How to read each feature from the table. Raises SpecInvalid that tells of every one that cannot be."""
    missing = [name for name in features if table.column(name) is None]
    errors = [FieldError(POINTER, _no_columns(missing, table))] if missing else []
    found: dict[str, Conversion] = {}
    for name, kind in features.items():
        column = table.column(name)
        if column is None:
            continue
        way = _way(column, kind, table.rows)
        if way is None:
            errors.append(FieldError(POINTER, _of_another_kind(column, kind)))
        else:
            found[name] = way
    if errors:
        raise SpecInvalid(told_by_first(errors), errors)
    return found


def _way(column: Column, kind: Kind, rows: int) -> Conversion | None:
    has_words, has_digits, takes_words = holds_words(column.kind), kind_of(column.kind).in_digits, holds_words(kind)
    if column.kind == kind or (has_words and takes_words):
        return "same"
    if column.nulls == rows:
        return "gaps"
    if has_words:
        return "text"
    if has_digits and takes_words and column.whole and _within(column, -LARGEST_WHOLE, LARGEST_WHOLE):
        return "digits"
    if has_digits and kind_of(kind).holds == "truths" and column.whole and _within(column, 0, 1):
        return "digits"
    return None


def _within(column: Column, least: float, most: float) -> bool:
    low, high = column.minimum, column.maximum
    return isinstance(low, int | float) and isinstance(high, int | float) and least <= low and high <= most


def _no_columns(missing: list[str], table: Table) -> str:
    what = f"feature {missing[0]!r}" if len(missing) == 1 else f"features {few(missing, written=repr)}"
    return (
        f"the dataset lacks {what} of the model; its columns are {few(table.names, written=repr)}; "
        "upload a table that has every feature"
    )


def _of_another_kind(column: Column, kind: Kind) -> str:
    return (
        f"column {column.name!r} of the dataset is {column.kind}, but the model expects {kind}; upload the file "
        f"again with types={json.dumps({column.name: kind}, ensure_ascii=False)}"
    )
