"""Predictions as the client asked for them: JSON, CSV or an Arrow stream, written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from service.domain.predictor import label_text
from service.usecases.predict import LoadedModel

PIECE = 8192  # rows written at once


@dataclass(frozen=True, slots=True)
class Predicted:
    """The predictions of one request: (n_rows,) values, (n_rows, n_targets) for several, or (n_rows, n_classes)
    probabilities; `flags` if asked for."""

    model: LoadedModel
    values: npt.NDArray[np.float64]
    flags: Sequence[Sequence[str]] | None

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

    def pieces(self) -> Iterator[slice]:
        return (slice(start, start + PIECE) for start in range(0, len(self.values), PIECE))

    def labels(self, piece: slice) -> list[Any]:
        classes = self.model.predictor.classes
        return [classes[best] for best in self.values[piece].argmax(axis=1).tolist()]


def opening(name: str, version: int) -> bytes:
    """How a JSON answer begins, up to its predictions."""
    return b'{"model":' + orjson.dumps({"name": name, "version": version}) + b',"predictions":'


def as_json(predicted: Predicted) -> Iterator[bytes]:
    """{"model": …, "predictions": […], "flags": […]}"""
    yield opening(predicted.model.name, predicted.model.version) + b"["
    for piece in predicted.pieces():
        answers = predicted.model.predictor.answers(predicted.values[piece])
        yield (b"," if piece.start else b"") + orjson.dumps(answers)[1:-1]
    yield b"]"
    if predicted.flags is not None:
        yield b',"flags":' + orjson.dumps(predicted.flags)
    yield b"}"


def as_csv(predicted: Predicted) -> Iterator[bytes]:
    """A column `prediction`; one for each of several targets; or `label` and, for each class, `p_<class>`. Flags are
    joined by spaces."""
    names = predicted.names
    yield _lines([[*names, "flags"] if predicted.flags is not None else names])
    for piece in predicted.pieces():
        values = predicted.values[piece].reshape(len(predicted.values[piece]), -1).tolist()
        rows: list[list[Any]] = values
        if predicted.classes:
            labels = map(label_text, predicted.labels(piece))
            rows = [[label, *row] for label, row in zip(labels, values, strict=True)]
        if predicted.flags is not None:
            rows = [[*row, " ".join(flags)] for row, flags in zip(rows, predicted.flags[piece], strict=True)]
        yield _lines(rows)


def as_arrow(predicted: Predicted) -> Iterator[bytes]:
    """An Arrow stream with the columns of `as_csv`; flags are lists of strings."""
    import pyarrow as pa

    names = predicted.names
    columns: list[Any] = [pa.array(predicted.labels(slice(None)))] if predicted.classes else []
    columns += [pa.array(column) for column in predicted.values.reshape(len(predicted.values), -1).T]
    if predicted.flags is not None:
        names = [*names, "flags"]
        columns.append(pa.array(predicted.flags, type=pa.list_(pa.string())))
    sink = pa.BufferOutputStream()
    table = pa.table(columns, names=names)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=PIECE)
    yield sink.getvalue().to_pybytes()


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
