"""Predictions as the client asked for them: JSON, JSON lines, CSV or an Arrow stream, written piece by piece."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from service.api.predictions.codecs import ARROW, CSV, JSON, NDJSON
from service.api.predictions.stream import MOST_LISTED, FailedRow, Outputs
from service.domain.model.output_lists import json_list, list_names
from service.domain.model.outputs import AnswerPlan
from service.settings import MIB
from service.usecases.predict import LoadedModel

LINES = 512  # JSON lines written at once


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer holds: of which model, by which plan, whether failed rows are told, and which input columns are
    repeated, if any."""

    model: LoadedModel
    plan: AnswerPlan
    with_errors: bool = False
    echoed: Sequence[str] | None = None

    @property
    def names(self) -> list[str]:
        """The columns of a table of answers."""
        return [*self.plan.names, "error"] if self.with_errors else self.plan.names

    def beside(self, names: Iterable[str]) -> list[str]:
        """Names of outputs as columns: those that an input column has are told apart by `predicted_`."""
        taken = set(self.echoed or ())
        apart = []
        for name in names:
            while name in taken:
                name = f"predicted_{name}"
            taken.add(name)
            apart.append(name)
        return apart


def opening(name: str, version: int) -> bytes:
    """How a JSON answer begins, up to its predictions."""
    return b'{"model":' + orjson.dumps({"name": name, "version": version}) + b',"predictions":'


def as_json(asked: Asked, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """{"model": …, "predictions": […], "intervals": […], "contributions": […], "flags": […], "errors": […],
    "failed": 0}"""
    yield opening(asked.model.called, asked.model.version) + b"["
    with _Lists() as lists:
        failed: list[FailedRow] = []
        n_failed = 0
        begun = False
        for piece in pieces:
            yield (b"," if begun else b"") + _predictions_json(asked, piece)
            begun = True
            for name in list_names(asked.plan)[1:]:
                lists.add(name, _listed(name, asked, piece))
            n_failed += len(piece.failed)
            failed += list(piece.failed.values())[: MOST_LISTED - len(failed)]
        yield b"]"
        yield from lists.written()
    if asked.with_errors:
        listed = [one.to_json() for one in failed]
        yield b',"errors":' + orjson.dumps(listed) + b',"failed":' + orjson.dumps(n_failed)
    yield b"}"


def as_json_lines(asked: Asked, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """A line for each row: {"prediction": …, "interval": […], "contributions": {…}, "flags": […], "error": …}; input
    columns before these, if they are wanted."""
    names = list_names(asked.plan)
    for piece in pieces:
        values = piece.answered.values
        if values.ndim == 1 and names == ["predictions"] and not asked.with_errors and asked.echoed is None:
            numbers = _predictions_json(asked, piece).replace(b",", b'}\n{"prediction":')
            yield b'{"prediction":' + numbers + b"}\n"  # numbers alone, without Python for each row
            continue
        lists = [_listed(name, asked, piece) for name in names]
        of_row = [OF_ROW.get(name, name) for name in names]
        if asked.with_errors:
            of_row.append("error")
            told = {at: one.to_json() for at, one in piece.failed.items()}
            lists.append([told.get(at) for at in range(len(piece.answered))])
        rows = [dict(zip(of_row, values, strict=True)) for values in zip(*lists, strict=True)]
        if asked.echoed is not None and piece.table is not None:
            apart = asked.beside(of_row)
            cells = [column.to_pylist() for column in piece.table.values()]
            rows = [
                {**dict(zip(asked.echoed, row, strict=True)), **dict(zip(apart, made.values(), strict=True))}
                for row, made in zip(zip(*cells, strict=True), rows, strict=True)
            ]
        for start in range(0, len(rows), LINES):  # orjson takes a kilobyte for each line, for a moment
            some = rows[start : start + LINES]
            yield b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE, default=str) for row in some])


def as_csv(asked: Asked, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """The input columns if they are wanted; the columns of the plan, `flags` joined by blanks; then `error`."""
    from service.api.predictions import csv_text

    begun = False
    for piece in pieces:
        if not begun:
            yield csv_text.line([*(asked.echoed or ()), *asked.beside(asked.names)])
            begun = True
        columns = [_as_text(column) for column in _columns(asked, piece)]
        if len(columns) == 1 and asked.echoed is None and isinstance(columns[0], np.ndarray):
            yield csv_text.numbers(columns[0])
            continue
        echoed = list((piece.table or {}).values()) if asked.echoed is not None else []
        yield csv_text.rows([*echoed, *columns])


def as_arrow(asked: Asked, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """An Arrow stream with the columns of `as_csv`; flags are lists of strings, rows that failed are null."""
    import pyarrow as pa

    from service.api.predictions import csv_text

    sink = csv_text.Taken()
    writer = None
    for piece in pieces:
        arrays = [
            csv_text.arrow(name, column) for name, column in zip(asked.names, _columns(asked, piece), strict=True)
        ]
        echoed = list((piece.table or {}).values()) if asked.echoed is not None else []
        batch = pa.record_batch([*echoed, *arrays], names=[*(asked.echoed or ()), *asked.beside(asked.names)])
        if writer is None:
            writer = pa.ipc.new_stream(sink, batch.schema)
        writer.write_batch(batch)
        yield sink.take()
    if writer is not None:
        writer.close()
        yield sink.take()


ANSWERS: Mapping[str, Callable[[Asked, Iterable[Outputs]], Iterator[bytes]]] = {
    JSON: as_json,
    CSV: as_csv,
    ARROW: as_arrow,
    NDJSON: as_json_lines,
}
OF_ROW = {"predictions": "prediction", "intervals": "interval"}  # what a list of all rows is called in one


def _columns(asked: Asked, piece: Outputs) -> list[Any]:
    """The values of each column of a table of answers."""
    columns: list[Any] = list(asked.plan.columns(piece.answered))
    if asked.with_errors:
        told = {at: one.sentence for at, one in piece.failed.items()}
        columns.append([told.get(at) for at in range(len(piece.answered))])
    return columns


def _as_text(column: Any) -> Any:
    """A column as a CSV holds it: labels by their words, flags in one cell."""
    if isinstance(column, list) and column and isinstance(column[0], list):
        return [" ".join(flags) for flags in column]
    return column


def _listed(name: str, asked: Asked, piece: Outputs) -> list[Any]:
    """One of the lists of a JSON answer; null where a row has no answer."""
    values = json_list(name, asked.plan, piece.answered)
    for row in piece.failed if name != "flags" else ():
        values[row] = None
    return values


def _predictions_json(asked: Asked, piece: Outputs) -> bytes:
    values = piece.answered.values
    if values.ndim == 1:
        return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return orjson.dumps(_listed("predictions", asked, piece))[1:-1]


class _Lists:
    """Lists with a value for each row that are written after the predictions; long ones wait on the disk."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def __enter__(self) -> _Lists:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, name: str, values: Sequence[Any]) -> None:
        if name not in self._files:
            self._files[name] = tempfile.SpooledTemporaryFile(MIB, prefix="adaline-answer-")  # noqa: SIM115  # closed above
        file = self._files[name]
        file.write((b"," if file.tell() else b"") + orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1])

    def written(self) -> Iterator[bytes]:
        for name, file in self._files.items():
            file.seek(0)
            yield b"," + orjson.dumps(name) + b":["
            while part := file.read(MIB):
                yield part
            yield b"]"
