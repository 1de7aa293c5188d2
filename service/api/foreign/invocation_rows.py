"""Rows of MLflow's and SageMaker's bodies. Which server's client speaks is told by the body alone.

`dataframe_split`, `dataframe_records` and `inputs` are MLflow's. `instances` is three servers': items
`{"features": […]}` and `{"data": {"features": {"values": […]}}}` are SageMaker's (Linear Learner), and no row of a
table looks like them, for a cell is neither a list nor an object; lists and other objects are rows as MLflow and
TensorFlow Serving have them. Each line of JSON lines is such an item. Sources: MLflow 3's scoring server;
SageMaker's "Common data formats for inference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.api.http.documents import parse, pointer
from service.api.predictions.codecs import missing_feature, refused
from service.domain.cells.columns import CellInvalid, Columns, Values
from service.domain.cells.kinds import Kind
from service.errors import FieldError, InputInvalid

FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
PathSteps = tuple[str | int, ...]
TellAt = Callable[[str, int, PathSteps], FieldError]  # what is wrong, in which row, where in it


@dataclass(frozen=True, slots=True)
class InvocationCells:
    """The features of a body: lists of cells by name. `told` says what is wrong with a cell, at its place; `scored` is
    whether the rows came as SageMaker's clients send them, and are answered so."""

    columns: Mapping[str, Sequence[Any]]
    n_rows: int
    told: Callable[[str, int, str], FieldError]
    scored: bool = False

    def typed(self, kinds: Mapping[str, Kind], read: Callable[[str, Kind, Sequence[Any]], Values]) -> Columns:
        """Raises RowsInvalid with the first wrong cell of each column."""
        columns, errors = {}, []
        for name, kind in kinds.items():
            try:
                columns[name] = read(name, kind, self.columns[name])
            except CellInvalid as error:
                errors.append(self.wrong(error))
        if errors:
            raise refused(errors)
        return Columns(columns, self.n_rows)

    def wrong(self, error: CellInvalid) -> FieldError:
        return self.told(error.detail, error.row, error.column)


def json_cells(body: Mapping[str, Any], features: Sequence[str]) -> InvocationCells:
    """The rows of a JSON body. As by MLflow, `params` and what else it does not know is not looked at.

    Raises InputInvalid, RowsInvalid.
    """
    if "signature_name" in body:
        raise InputInvalid.at("/signature_name", "models have a single signature here; leave it out")
    given = [form for form in FORMS if form in body]
    if len(given) != 1:
        what = f"the body has {' and '.join(given)}" if given else "the body has no rows"
        raise InputInvalid.at("", f"{what}; give exactly one of {', '.join(FORMS)}")
    (form,) = given
    value = body[form]
    if form == "dataframe_split":
        return _split(value, features)
    if form == "inputs" and isinstance(value, dict):
        return _columns(value, features)
    return _items(value, features, (form,))


def json_lines_cells(data: bytes, features: Sequence[str]) -> InvocationCells:
    """The rows of JSON lines. Raises BodyMalformed, InputInvalid, RowsInvalid."""
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
    numbers = [number for number, _ in lines]

    def told(detail: str, row: int, steps: PathSteps) -> FieldError:
        within = f", {pointer(*steps)}" if steps else ""
        return FieldError("", f"line {numbers[row]}{within}: {detail}")

    return _rows([_line(number, line) for number, line in lines], features, told, scored=True)


def _line(number: int, line: bytes) -> Any:
    try:
        return parse(line)
    except InputInvalid as error:
        raise type(error)(f"line {number}: {error.detail}") from None


def _items(items: Any, features: Sequence[str], where: PathSteps) -> InvocationCells:
    """[[3, "red"], …], [{"age": 3, "colour": "red"}, …] or SageMaker's."""
    if not isinstance(items, list):
        raise InputInvalid.at(pointer(*where), "must be a list of rows")
    return _rows(items, features, lambda detail, row, steps: FieldError(pointer(*where, row, *steps), detail))


def _rows(items: Sequence[Any], features: Sequence[str], told: TellAt, scored: bool = False) -> InvocationCells:
    """Rows of one kind, that of the first. `scored`: answered as SageMaker's whatever their kind."""
    if items and isinstance(items[0], dict) and _path_of(items[0]) is None:
        return _records(items, features, told, scored)
    path = _path_of(items[0]) if items else ()
    rows = []
    for index, item in enumerate(items):
        row = _below(item, path or ()) if path is not None and _path_of(item) == path else None
        if not isinstance(row, list):
            detail = f"must match the first row: a list of {len(features)} values: {', '.join(features)}"
            raise refused([told(detail, index, ())])
        if len(row) != len(features):
            detail = f"has {len(row)} values, not {len(features)}: {', '.join(features)}"
            raise refused([told(detail, index, path or ())])
        rows.append(row)
    positions = {name: position for position, name in enumerate(features)}
    return InvocationCells(
        {name: [row[position] for row in rows] for name, position in positions.items()},
        len(rows),
        lambda detail, row, name: told(detail, row, (*(path or ()), positions[name])),
        scored or bool(path),
    )


def _path_of(item: Any) -> PathSteps | None:
    """Where the list of cells is in an item: the item itself, or below, in SageMaker's forms; None for an object of
    cells by name, and for what is no row."""
    if isinstance(item, list):
        return ()
    for path in (("features",), ("data", "features", "values")):
        if isinstance(_below(item, path), list):
            return path
    return None


def _below(item: Any, path: PathSteps) -> Any:
    for step in path:
        item = item.get(step) if isinstance(item, dict) else None
    return item


def _records(items: Sequence[Any], features: Sequence[str], told: TellAt, scored: bool) -> InvocationCells:
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise refused([told('must be an object that maps features to values: {"feature": value, …}', index, ())])
        if missing := [name for name in features if name not in item]:
            raise refused([told(missing_feature(name, "", list(item)).detail, index, (name,)) for name in missing])
    columns = {name: [item[name] for item in items] for name in features}
    return InvocationCells(columns, len(items), lambda detail, row, name: told(detail, row, (name,)), scored)


def _columns(columns: dict[str, Any], features: Sequence[str]) -> InvocationCells:
    """{"age": [3, …], "colour": ["red", …]}"""
    if errors := [missing_feature(name, "/inputs", list(columns)) for name in features if name not in columns]:
        raise refused(errors)
    n_rows = -1
    for name in features:
        if not isinstance(columns[name], list):
            raise InputInvalid.at(pointer("inputs", name), "must be a list of values, one per row")
        n_rows = len(columns[name]) if n_rows < 0 else n_rows
        if len(columns[name]) != n_rows:
            detail = f"has {len(columns[name])} values, but {features[0]!r} has {n_rows}"
            raise refused([FieldError(pointer("inputs", name), detail)])
    return InvocationCells(
        {name: columns[name] for name in features},
        max(n_rows, 0),
        lambda detail, row, name: FieldError(pointer("inputs", name, row), detail),
    )


def _split(frame: Any, features: Sequence[str]) -> InvocationCells:
    """{"columns": ["age", "colour"], "data": [[3, "red"], …]}; without columns they are the features, in order."""
    where = "dataframe_split"
    if not isinstance(frame, dict) or not isinstance(frame.get("data"), list):
        raise InputInvalid.at(pointer(where), 'must be an object: {"columns": […], "data": [[…], …]}')
    if others := [key for key in frame if key not in ("columns", "data", "index")]:
        raise InputInvalid.at(pointer(where, others[0]), "is not a field here; give columns, data, index")
    names = frame.get("columns", list(features))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputInvalid.at(pointer(where, "columns"), "must be a list of column names")
    if len(set(names)) != len(names):
        raise InputInvalid.at(pointer(where, "columns"), "lists a name twice; remove one")
    if errors := [missing_feature(name, pointer(where, "columns"), names) for name in features if name not in names]:
        raise refused(errors)
    for index, row in enumerate(frame["data"]):
        if not isinstance(row, list) or len(row) != len(names):
            detail = f"must be a list of {len(names)} values: {', '.join(names)}"
            raise refused([FieldError(pointer(where, "data", index), detail)])
    positions = {name: names.index(name) for name in features}
    return InvocationCells(
        {name: [row[position] for row in frame["data"]] for name, position in positions.items()},
        len(frame["data"]),
        lambda detail, row, name: FieldError(pointer(where, "data", row, positions[name]), detail),
    )
