"""Predictions as the client asked for them: JSON, CSV or an Arrow stream, written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from service.domain.output_lists import json_list, list_names
from service.domain.outputs import Answered, Labels, Plan, Values
from service.usecases.predict import LoadedModel

PIECE = 8192  # rows written at once


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the rows of one request get, by a plan."""

    model: LoadedModel
    plan: Plan
    rows: Answered

    def pieces(self) -> Iterator[Answered]:
        return (self.rows.rows(slice(start, start + PIECE)) for start in range(0, len(self.rows), PIECE))


def as_json(predicted: Predicted) -> Iterator[bytes]:
    """{"model": …, "predictions": […], "intervals": […], "contributions": […], "flags": […]}"""
    model = {"name": predicted.model.name, "version": predicted.model.version}
    yield b'{"model":' + orjson.dumps(model)
    for name in list_names(predicted.plan):
        start = b',"' + name.encode() + b'":['
        for piece in predicted.pieces():
            yield start + orjson.dumps(json_list(name, predicted.plan, piece))[1:-1]
            start = b","
        yield b"]"
    yield b"}"


def as_csv(predicted: Predicted) -> Iterator[bytes]:
    """A column for each of the plan's names. Flags are joined by spaces."""
    yield _lines([predicted.plan.names])
    for piece in predicted.pieces():
        columns = map(_cells, predicted.plan.columns(piece))
        yield _lines(list(zip(*columns, strict=True)))


def as_arrow(predicted: Predicted) -> Iterator[bytes]:
    """An Arrow stream with the columns of `as_csv`; flags are lists of strings."""
    import pyarrow as pa

    def array(values: Values) -> Any:
        if isinstance(values, Labels):
            return pa.array(values.values())
        return pa.array(values, type=None if isinstance(values, np.ndarray) else pa.list_(pa.string()))

    columns = [array(values) for values in predicted.plan.columns(predicted.rows)]
    sink = pa.BufferOutputStream()
    table = pa.table(columns, names=predicted.plan.names)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=PIECE)
    yield sink.getvalue().to_pybytes()


def _cells(values: Values) -> list[Any]:
    if isinstance(values, Labels):
        return values.texts()
    return values.tolist() if isinstance(values, np.ndarray) else [" ".join(flags) for flags in values]


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
