"""Predictions as the client asked for them: JSON, JSON lines, CSV or an Arrow stream, written piece by piece."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from service.api.codecs import ARROW, CSV, JSON, NDJSON
from service.api.prediction_stream import MOST_LISTED, Failed, Outputs
from service.domain.predictor import label_text
from service.settings import MIB
from service.usecases.predict import LoadedModel

LINES = 512  # JSON lines written at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer holds: of which model, whether failed rows are told, and the input columns to repeat, if any."""

    model: LoadedModel
    with_errors: bool = False
    echoed: Sequence[str] | None = None

    @property
    def classes(self) -> list[str]:
        return [label_text(label) for label in self.model.predictor.classes]

    @property
    def names(self) -> list[str]:
        """The columns of a table of them: `prediction`, the targets by name, or `label` and `p_<class>` for each."""
        predictor = self.model.predictor
        if predictor.classes:
            return ["label", *(f"p_{name}" for name in self.classes)]
        return ["prediction"] if isinstance(predictor.target, str) else list(predictor.target)

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


def as_json(wanted: Wanted, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """{"model": …, "predictions": […], "flags": […], "errors": […], "failed": 0}"""
    model = {"name": wanted.model.name, "version": wanted.model.version}
    yield b'{"model":' + orjson.dumps(model) + b',"predictions":['
    with _Lists() as lists:
        failed: list[Failed] = []
        n_failed = 0
        begun = False
        for piece in pieces:
            yield (b"," if begun else b"") + _answers_json(wanted, piece)
            begun = True
            if piece.flags is not None:
                lists.add("flags", piece.flags)
            for output in piece.beside:
                lists.add(output.name, output.values)
            n_failed += len(piece.failed)
            failed += list(piece.failed.values())[: MOST_LISTED - len(failed)]
        yield b"]"
        yield from lists.written()
    if wanted.with_errors:
        listed = [one.to_json() for one in failed]
        yield b',"errors":' + orjson.dumps(listed) + b',"failed":' + orjson.dumps(n_failed)
    yield b"}"


def as_json_lines(wanted: Wanted, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """A line for each row: {"prediction": …, "flags": […], "error": …}, after the input columns if they are wanted."""
    for piece in pieces:
        plain = piece.values.ndim == 1 and piece.flags is None and not piece.beside and not wanted.with_errors
        if plain and wanted.echoed is None:  # numbers alone, without Python for each row
            numbers = _answers_json(wanted, piece).replace(b",", b'}\n{"prediction":')
            yield b'{"prediction":' + numbers + b"}\n"
            continue
        rows = [{"prediction": answer} for answer in _answers(wanted, piece)]
        if piece.flags is not None:
            for row, flags in zip(rows, piece.flags, strict=True):
                row["flags"] = flags
        for output in piece.beside:
            for row, value in zip(rows, output.values, strict=True):
                row[output.name] = value
        if wanted.with_errors:
            for at, row in enumerate(rows):
                row["error"] = piece.failed[at].to_json() if at in piece.failed else None
        if wanted.echoed is not None and piece.table is not None:
            outputs = list(rows[0]) if rows else []
            apart = wanted.beside(outputs)
            cells = [column.to_pylist() for column in piece.table.values()]
            rows = [
                {**dict(zip(wanted.echoed, row, strict=True)), **dict(zip(apart, made.values(), strict=True))}
                for row, made in zip(zip(*cells, strict=True), rows, strict=True)
            ]
        for start in range(0, len(rows), LINES):  # orjson takes a kilobyte for each line, for a moment
            some = rows[start : start + LINES]
            yield b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE, default=str) for row in some])


def as_csv(wanted: Wanted, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """The input columns if they are wanted; a column `prediction`, one for each of several targets, or `label` and
    `p_<class>` for each class; then further outputs, `flags` joined by blanks, and `error`."""
    from service.api import csv_text

    begun = False
    for piece in pieces:
        outputs = _columns(wanted, piece)
        if not begun:
            header = [*(wanted.echoed or ()), *wanted.beside(outputs)]
            yield csv_text.line(header)
            begun = True
        if len(outputs) == 1 and wanted.echoed is None:
            yield csv_text.numbers(piece.values)
            continue
        echoed = list((piece.table or {}).values()) if wanted.echoed is not None else []
        yield csv_text.rows([*echoed, *outputs.values()])


def as_arrow(wanted: Wanted, pieces: Iterable[Outputs]) -> Iterator[bytes]:
    """An Arrow stream with the columns of `as_csv`; flags are lists of strings, rows that failed are null."""
    import pyarrow as pa

    from service.api import csv_text

    sink = csv_text.Taken()
    writer = None
    for piece in pieces:
        outputs = _columns(wanted, piece)
        if piece.flags is not None:
            outputs["flags"] = piece.flags
        columns = dict(zip(wanted.beside(outputs), outputs.values(), strict=True))
        labels = pa.array(list(wanted.model.predictor.classes)) if wanted.classes else None
        arrays = [csv_text.arrow(name, column, labels) for name, column in zip(outputs, columns.values(), strict=True)]
        echoed = list((piece.table or {}).values()) if wanted.echoed is not None else []
        names = [*(wanted.echoed or ()), *columns]
        batch = pa.record_batch([*echoed, *arrays], names=names)
        if writer is None:
            writer = pa.ipc.new_stream(sink, batch.schema)
        writer.write_batch(batch)
        yield sink.take()
    if writer is not None:
        writer.close()
        yield sink.take()


ANSWERS: Mapping[str, Callable[[Wanted, Iterable[Outputs]], Iterator[bytes]]] = {
    JSON: as_json,
    CSV: as_csv,
    ARROW: as_arrow,
    NDJSON: as_json_lines,
}


def _columns(wanted: Wanted, piece: Outputs) -> dict[str, Any]:
    """The outputs as columns: labels as text, numbers as vectors, flags and errors as texts."""
    values = piece.values.reshape(len(piece.values), -1)
    columns: dict[str, Any] = {}
    names = wanted.names
    if wanted.classes:
        labels = np.where(np.isnan(values[:, 0]), -1, np.argmax(values, axis=1)).astype(np.int32)
        columns[names[0]] = (labels, wanted.classes)
        names = names[1:]
    columns.update(zip(names, values.T, strict=True))
    for output in piece.beside:
        columns.update(output.columns)
    if piece.flags is not None:
        columns["flags"] = [" ".join(flags) for flags in piece.flags]
    if wanted.with_errors:
        columns["error"] = [piece.failed[at].sentence if at in piece.failed else None for at in range(len(values))]
    return columns


def _answers(wanted: Wanted, piece: Outputs) -> list[Any]:
    answers = wanted.model.predictor.answers(piece.values)
    for row in piece.failed:
        answers[row] = None
    return answers


def _answers_json(wanted: Wanted, piece: Outputs) -> bytes:
    if piece.values.ndim == 1:
        return orjson.dumps(np.ascontiguousarray(piece.values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return orjson.dumps(_answers(wanted, piece))[1:-1]


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
