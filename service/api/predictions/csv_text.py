"""Columns as the text of a CSV (RFC 4180, UTF-8), without Python for each row. Numbers are written as in JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from service.domain.model.outputs import Labels
from service.domain.model.predictor import label_text

QUOTED = '[",\r\n]'


def line(cells: Sequence[str]) -> bytes:
    """A single line."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def numbers(values: npt.NDArray[np.float64]) -> bytes:
    """A column of numbers, a line each; empty where there is none."""
    if not len(values):
        return b""
    text = orjson.dumps(np.ascontiguousarray(values.ravel()), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return text.replace(b",", b"\n").replace(b"null", b"") + b"\n"


def rows(columns: Sequence[Any]) -> bytes:
    """Rows of columns: vectors of numbers, labels, texts (None: empty), or Arrow arrays of text."""
    texts = [_text(column) for column in columns]
    ends = pa.scalar("\n")
    lines = pc.binary_join_element_wise(*texts[:-1], pc.binary_join_element_wise(texts[-1], ends, ""), ",")
    if not len(lines):
        return b""
    offsets, data = lines.buffers()[1:]
    places = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[places[0] : places[-1]].tobytes()


def arrow(name: str, column: Any) -> Any:
    """A column of outputs as an Arrow array; null where there is none."""
    if isinstance(column, Labels):
        codes = pa.array(column.codes)
        return pa.array(list(column.classes)).take(pc.if_else(pc.less(codes, 0), pa.scalar(None, pa.int64()), codes))
    if isinstance(column, np.ndarray):
        return pa.array(column, from_pandas=True)
    return pa.array(column, type=pa.list_(pa.string()) if name == "flags" else pa.string())


class Taken:
    """A file to write to, whose bytes are taken from time to time."""

    closed = False

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: Any) -> int:
        self._bytes += memoryview(data)
        return len(data)

    def flush(self) -> None:
        """All is there already."""

    def close(self) -> None:
        """Does nothing: the stream stays open for its next reader."""

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _text(column: Any) -> Any:
    if isinstance(column, Labels):
        words = [line([label_text(label)]).decode()[:-1] for label in column.classes]
        return pa.array([*words, ""]).take(pa.array(np.where(column.codes < 0, len(words), column.codes)))
    if isinstance(column, np.ndarray):
        return _number_text(column)
    cells = pa.array(column, pa.string()) if isinstance(column, list) else _as_text(column)
    cells = pc.fill_null(cells, "")
    odd = pc.match_substring_regex(cells, QUOTED)
    if not pc.any(odd).as_py():
        return cells
    whole = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
    return pc.if_else(odd, whole, cells)


def _as_text(column: Any) -> Any:
    """An input column as text. What Arrow cannot write is written as Python shows it."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_floating(column.type):
        return _number_text(np.asarray(pc.fill_null(pc.cast(column, pa.float64()), np.nan)))
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())


def _number_text(values: npt.NDArray[np.float64]) -> Any:
    """Numbers as JSON writes them, an Arrow array of text over one buffer; "" for none."""
    if not len(values):
        return pa.array([], pa.string())
    text = orjson.dumps(np.ascontiguousarray(values, dtype=np.float64), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    text = text.replace(b"null", b"")
    cuts = np.flatnonzero(np.frombuffer(text + b",", np.uint8) == ord(","))
    # the commas go, so that one cell begins where the one before it ends
    offsets = np.concatenate([[0], cuts - np.arange(len(cuts))]).astype(np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text.replace(b",", b"")))
