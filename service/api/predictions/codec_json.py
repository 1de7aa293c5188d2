"""Rows of a JSON body: `records`, `instances`, `columns` or `dataframe_split`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.api.http.documents import pointer
from service.api.predictions.codecs import Kinds, missing_feature, refused
from service.domain.cells.columns import Columns, Values
from service.domain.cells.written import TextStyle
from service.errors import FieldError, InputInvalid
from service.reading.json_values import of_json
from service.reading.rows import PIECE, Rows, Wrong

FORMS = ("records", "instances", "columns", "dataframe_split")
SPLIT_KEYS = ("columns", "data", "index")

CellsByName = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Rows of one of the forms: `take` gives the cells of a range of rows and what is wrong with some of these, `at`
    the pointer of a cell, or of a row for the column ""."""

    n_rows: int
    take: Callable[[int, int], tuple[CellsByName, list[Wrong]]]
    at: Callable[[int, str], str]

    def parts(self, kinds: Kinds, style: TextStyle) -> Iterator[Rows]:
        """The rows in order."""
        for start in range(0, self.n_rows, PIECE):
            stop = min(start + PIECE, self.n_rows)
            cells, wrong = self.take(start, stop)
            columns: dict[str, Values] = {}
            for name, kind in kinds.items():
                columns[name], bad = of_json(name, kind, cells[name], style)
                wrong += bad
            yield Rows(Columns(columns, stop - start), None, wrong)

    def place(self, row: int, line: int | None, wrong: Wrong) -> FieldError:
        """Where in the body a row is wrong."""
        return FieldError(self.at(row, wrong.column), wrong.detail)


def rows_of(body: Mapping[str, Any], features: Sequence[str], beside: Sequence[str] = ()) -> JsonRows:
    """The rows of a body. `beside` are the other fields it may have. Raises InputInvalid, RowsInvalid."""
    errors = [
        FieldError(pointer(name), f"is not a field of this body; give one of {', '.join(FORMS)}")
        for name in body
        if name not in FORMS and name not in beside
    ]
    given = [form for form in FORMS if form in body]
    if errors:
        raise InputInvalid(f"{errors[0].pointer}: {errors[0].detail}", errors)
    if len(given) != 1:
        what = f"the body has {' and '.join(given)}" if given else "the body has no rows"
        raise InputInvalid.at("", f"{what}; give exactly one of {', '.join(FORMS)}")
    return _READERS[given[0]](body[given[0]], features)


def _records(rows: Any, features: Sequence[str]) -> JsonRows:
    """[{"age": 3, "colour": "red"}, …]"""
    _each(rows, dict, ("records",), 'an object that maps feature names to values: {"feature": value, …}')

    def take(start: int, stop: int) -> tuple[CellsByName, list[Wrong]]:
        part = rows[start:stop]
        cells, wrong = {}, []
        for name in features:
            try:
                cells[name] = [row[name] for row in part]
            except KeyError:
                cells[name] = [row.get(name) for row in part]
                for at, row in enumerate(part):
                    if name not in row:
                        wrong.append(Wrong(at, name, missing_feature(name, "", list(row)).detail))
        return cells, wrong

    return JsonRows(len(rows), take, lambda row, column: pointer("records", row, column))


def _instances(rows: Any, features: Sequence[str]) -> JsonRows:
    """[[3, "red"], …], in the order of the model's features."""
    _each(rows, list, ("instances",), f"a list of {len(features)} values: {', '.join(features)}")
    return _listed(rows, {name: index for index, name in enumerate(features)}, len(features), features, ("instances",))


def _columns(columns: Any, features: Sequence[str]) -> JsonRows:
    """{"age": [3, …], "colour": ["red", …]}"""
    if not isinstance(columns, dict):
        raise InputInvalid.at("/columns", 'must be an object of lists, one per feature: {"feature": [value, …], …}')
    if errors := [
        missing_feature(name, pointer("columns", name), list(columns)) for name in features if name not in columns
    ]:
        raise refused(errors)
    for name in features:
        if not isinstance(columns[name], list):
            raise InputInvalid.at(pointer("columns", name), "must be a list of values, one per row")
    lengths = {name: len(columns[name]) for name in features}
    n_rows = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != n_rows:
            detail = f"has {length} values, but {features[0]!r} has {n_rows}; every column must have one value per row"
            raise refused([FieldError(pointer("columns", name), detail)])
    return JsonRows(
        n_rows,
        lambda start, stop: ({name: columns[name][start:stop] for name in features}, []),
        lambda row, column: pointer("columns", column, row),
    )


def _dataframe_split(frame: Any, features: Sequence[str]) -> JsonRows:
    """{"columns": ["age", "colour"], "data": [[3, "red"], …]}, as pandas writes it."""
    where = "dataframe_split"
    if not isinstance(frame, dict):
        raise InputInvalid.at(pointer(where), 'must be an object: {"columns": […], "data": [[…], …]}')
    for key in frame:
        if key not in SPLIT_KEYS:
            raise InputInvalid.at(pointer(where, key), f"is not a field here; give {', '.join(SPLIT_KEYS)}")
    names = frame.get("columns")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputInvalid.at(pointer(where, "columns"), "must be a list of column names")
    positions = {name: index for index, name in enumerate(names)}
    if len(positions) != len(names):
        twice = next(index for index, name in enumerate(names) if name in names[:index])
        raise InputInvalid.at(pointer(where, "columns", twice), f"{names[twice]!r} is listed twice")
    if errors := [
        missing_feature(name, pointer(where, "columns"), names) for name in features if name not in positions
    ]:
        raise refused(errors)
    rows: Any = frame.get("data")
    _each(rows, list, (where, "data"), f"a list of {len(names)} values: {', '.join(names)}")
    return _listed(rows, positions, len(names), features, (where, "data"))


def _listed(
    rows: list[list[Any]], positions: Mapping[str, int], width: int, features: Sequence[str], where: tuple[str, ...]
) -> JsonRows:
    def take(start: int, stop: int) -> tuple[CellsByName, list[Wrong]]:
        part = rows[start:stop]
        detail = f"not {width}: {', '.join(positions)}"
        wrong = [Wrong(at, "", f"has {len(row)} values, {detail}") for at, row in enumerate(part) if len(row) != width]
        for one in wrong:
            part[one.row] = [None] * width
        return {name: [row[positions[name]] for row in part] for name in features}, wrong

    def at(row: int, column: str) -> str:
        return pointer(*where, row, positions[column]) if column else pointer(*where, row)

    return JsonRows(len(rows), take, at)


def _each(rows: Any, kind: type, where: tuple[str, ...], what: str) -> None:
    if not isinstance(rows, list):
        raise InputInvalid.at(pointer(*where), "must be a list of rows")
    for index, row in enumerate(rows):
        if not isinstance(row, kind):
            raise InputInvalid.at(pointer(*where, index), f"must be {what}")


_READERS: Mapping[str, Callable[[Any, Sequence[str]], JsonRows]] = {
    "records": _records,
    "instances": _instances,
    "columns": _columns,
    "dataframe_split": _dataframe_split,
}
