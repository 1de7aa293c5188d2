"""The kinds of columns: a record each, with the facts that every other module asks for.

A new kind is a record here and an entry in each table by kind, which tests/unit/domain/cells/test_kinds.py walks. What
its cells are in memory and in a file follows from `holds`, how it becomes inputs of a network from `encoding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from service.domain.cells.times import ORDERS, read_time
from service.domain.cells.written import TextStyle, read_boolean, read_number

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text"]
Holds = Literal["numbers", "truths", "words", "times"]
KindEncoding = Literal["number", "categories", "calendar"]
TypeInJson = Literal["number", "boolean", "string"]
Cell = float | str | None
TextReader = Callable[[str], Cell]


class KindUnknown(ValueError):
    """A name that no kind of column has."""


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """What is known of a kind of column.

    `holds` is what a cell is once it is read: a float64, a truth, a word, or seconds since 1970 in UTC. `encoding` is
    how a feature becomes inputs: itself, one of each category, or the parts of a date; None if it cannot be a feature.
    `target` is what a column is predicted as, None if it cannot be. `json` is the type of a cell in JSON.
    `reader(column, style)` reads the cells of a file that are not missing; it raises ValueError. `in_digits` says that
    they are written as numbers, with a decimal mark, currency or % that the file shows; `orders` are those of day,
    month and year that may be declared. `noun`, `sent` and `misfit` are for sentences: what a cell is, what to send,
    and what is wrong with a cell that is none.
    """

    name: Kind
    holds: Holds
    encoding: KindEncoding | None
    target: Literal["numbers", "classes"] | None
    json: TypeInJson
    reader: Callable[[str, TextStyle], TextReader]
    noun: str
    sent: str
    misfit: str
    in_digits: bool = False
    orders: tuple[str, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether cells have a place on a scale: numbers and times."""
        return self.holds in ("numbers", "times")

    @property
    def is_quantity(self) -> bool:
        """Whether cells are numbers that can be predicted, and that can weight rows."""
        return self.target == "numbers"

    @property
    def spellings(self) -> tuple[str, ...]:
        """How a column is declared to be of this kind: "datetime", "datetime:dmy"."""
        return (self.name, *(f"{self.name}:{order}" for order in self.orders))


def _numbers(column: str, style: TextStyle) -> TextReader:
    decimal, mark, missing = style.decimal_of(column), style.mark_of(column), style.missing_numbers(column)
    if not missing:
        return lambda cell: read_number(cell, decimal, mark)
    return lambda cell: None if (value := read_number(cell, decimal, mark)) in missing else value


def _truths(column: str, style: TextStyle) -> TextReader:
    return read_boolean


def _times(column: str, style: TextStyle) -> TextReader:
    order = style.order_of(column)
    return lambda cell: read_time(cell, order) / 1e6


def _words(column: str, style: TextStyle) -> TextReader:
    return style.word


_RECORDS = (
    ColumnKind(
        "numeric", "numbers", "number", "numbers", "number", _numbers,
        noun="a number", sent="a number", misfit="is not a finite number", in_digits=True,
    ),
    ColumnKind(
        "boolean", "truths", "number", "classes", "boolean", _truths,
        noun="true or false", sent="true, false", misfit="is not true or false",
    ),
    ColumnKind(
        "categorical", "words", "categories", "classes", "string", _words,
        noun="a category", sent="a string", misfit="is not a category",
    ),
    ColumnKind(
        "datetime", "times", "calendar", None, "string", _times,
        noun="a date", sent='a string such as "2026-01-31T12:00:00Z"', misfit="is not a date", orders=ORDERS,
    ),
    ColumnKind(
        "text", "words", None, None, "string", _words,
        noun="a text", sent="a string", misfit="is not a text",
    ),
)  # fmt: skip
COLUMN_KINDS: Mapping[str, ColumnKind] = MappingProxyType({record.name: record for record in _RECORDS})
KINDS: tuple[Kind, ...] = get_args(Kind)
PLAIN_KIND: Mapping[Holds, Kind] = {
    "numbers": "numeric",
    "truths": "boolean",
    "words": "categorical",
    "times": "datetime",
}
"""The kind of a column whose file says what it holds, where no other is declared."""


def kind_of(name: str) -> ColumnKind:
    """The record of a kind. Raises KindUnknown."""
    try:
        return COLUMN_KINDS[name]
    except KeyError:
        raise KindUnknown(f"{name!r} is not a kind of column; the kinds are {', '.join(COLUMN_KINDS)}") from None


def holds_words(kind: str) -> bool:
    """Whether columns of a kind are held as `Categories`. Raises KindUnknown."""
    return kind_of(kind).holds == "words"
