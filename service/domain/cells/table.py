"""What is known of a stored table without reading it: its columns and a few figures of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from service.domain.cells.kinds import ColumnKind, Kind, kind_of
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.plain import plain
from service.domain.sentences import few


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `distinct` counts the values that are not missing; `rarest` is given while those are few.

    `whole` says whether every number is an integer. For times, `minimum` and `maximum` are RFC 3339 strings.
    `notes` are what a person should know of how the column was read, and what to declare if it was not meant so.
    """

    name: str
    kind: Kind
    nulls: int
    distinct: int
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    whole: bool = False
    rarest: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> ColumnKind:
        """What is known of its kind. Raises KindUnknown."""
        return kind_of(self.kind)

    @property
    def is_constant(self) -> bool:
        return self.distinct <= 1


@dataclass(frozen=True, slots=True)
class Table:
    """A stored table: its rows and columns, in the order of the file, and how its cells were written."""

    rows: int
    columns: tuple[Column, ...]
    style: TextStyle = PLAIN

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def kinds(self, names: Collection[str]) -> dict[str, Kind]:
        """The kinds of those of its columns that are named, in the table's order."""
        return {column.name: column.kind for column in self.columns if column.name in names}

    @classmethod
    def from_json(cls, rows: int, columns: Sequence[Mapping[str, Any]], style: TextStyle = PLAIN) -> Table:
        made = (Column(**{**column, "notes": tuple(column.get("notes", ()))}) for column in columns)
        return cls(rows, tuple(made), style)

    def label(self, column: str, value: Any) -> Any:
        """A value as the table wrote it: a truth by the column's own word."""
        return self.style.words_of(column)[value] if isinstance(value, bool) else value

    def columns_json(self) -> list[dict[str, Any]]:
        return [plain(column) for column in self.columns]


def no_such_column(name: str, table: Table) -> str:
    """The sentence for a column that is not there, with the nearest that is."""
    near = get_close_matches(name, table.names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the columns are {few(table.names, written=repr)}"
    return f"the dataset has no column {name!r}; {hint}"
