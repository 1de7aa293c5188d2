"""The rows of a part as the kernels read them: where they are in memory, or window by window from the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Integers
from workers.kernels.deal import Deal
from workers.kernels.epoch import EpochPiece
from workers.kernels.layout import EpochRows, readonly
from workers.training.order import AS_THEY_LIE, Order, Window, Windows, as_they_lie, is_large
from workers.training.problem import Data
from workers.training.stored import Stored

Buffers = dict[str, npt.NDArray[Any]]


def rows_of(data: Data) -> EpochRows:
    """The rows of data in memory: class numbers as float32 (exact to 2²⁴), all read-only, so that the kernels have one
    type whatever the memory is."""
    inputs = np.ascontiguousarray(data.inputs[:], dtype=np.float32)
    values = data.targets[:]
    targets = np.ascontiguousarray(values if values.ndim == 2 else values[:, None], dtype=np.float32)
    weights = np.empty(0, dtype=np.float32) if data.weights is None else np.ascontiguousarray(data.weights[:])
    return EpochRows(readonly(inputs), readonly(targets), readonly(weights))


NO_DEAL = Deal(readonly(AS_THEY_LIE), readonly(AS_THEY_LIE), 0, 1, 0, np.uint64(0))


def n_rows_of(piece: EpochPiece) -> int:
    """How many rows of the epoch a piece has."""
    return piece.deal.n_rows or len(piece.order) or len(piece.inputs)


def in_turn(rows: EpochRows, order: Integers = AS_THEY_LIE) -> EpochPiece:
    """All of the rows, or those of an order."""
    return EpochPiece(*rows, readonly(order), NO_DEAL)


class Source:
    """A part's rows, as many times as they are asked for."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._rows = None if data.is_stored else rows_of(data)
        self.n_targets = data.targets.shape[1] if len(data.targets.shape) == 2 else 1

    def __len__(self) -> int:
        return len(self._data)

    def pieces(self, order: Order, batch_size: int) -> Iterable[EpochPiece]:
        """The rows of an order, piece by piece; for a batch of all rows they come as they lie. A small part on the disk
        is taken into memory. Raises ValueError for a large one whose order has no windows."""
        if batch_size >= len(order) == len(self):
            return self.as_they_lie()
        rows = self._rows
        if isinstance(order, Windows):
            return self._read(order) if rows is None else (_dealt(rows, window) for window in order)
        if rows is None and is_large(self._data.inputs.shape):
            raise ValueError("rows on the disk are read by windows")
        self._rows = rows_of(self._data[: len(self)]) if rows is None else rows
        return [in_turn(self._rows, order)]

    def as_they_lie(self) -> Iterable[EpochPiece]:
        """All rows, piece by piece."""
        return self._read(as_they_lie(self._data.inputs.shape)) if self._rows is None else [in_turn(self._rows)]

    def _read(self, windows: Iterable[Window]) -> Iterator[EpochPiece]:
        """Window by window, each in the memory of the one before; while it is worked on, the disk reads the next."""
        buffers: Buffers = {}
        waiting = iter(windows)
        window = next(waiting, None)
        while window is not None:
            rows = self._rows_of(window, buffers)
            following = next(waiting, None)
            if following is not None and isinstance(self._data.inputs, Stored):
                for start, stop in following.blocks:
                    self._data.inputs.expect(start, stop)
            yield _dealt(rows, window, is_copy=True)
            window = following

    def _rows_of(self, window: Window, buffers: Buffers) -> EpochRows:
        """The rows of a window's blocks, one block after the other. They are there until the next are read."""
        data = self._data
        weights = None if data.weights is None else _blocks("weights", data.weights, window, buffers)
        inputs = _blocks("inputs", data.inputs, window, buffers)
        return rows_of(Data(inputs, _blocks("targets", data.targets, window, buffers), weights))


def _blocks(name: str, part: Any, window: Window, buffers: Buffers) -> npt.NDArray[Any]:
    buffer = buffers.get(name)
    if buffer is None or len(buffer) < len(window):
        buffer = buffers[name] = np.empty((len(window), *part.shape[1:]), dtype=part.dtype)
    at = 0
    for start, stop in window.blocks:
        part.read_into(start, buffer[at : at + stop - start])
        at += stop - start
    return buffer[:at]


def _dealt(rows: EpochRows, window: Window, is_copy: bool = False) -> EpochPiece:
    """A window of the rows, or of a copy of its blocks."""
    if not len(window.groups):
        return in_turn(rows)
    if window.group_rows == 1:
        return in_turn(rows, window.places() if is_copy else window.rows())
    starts = np.arange(len(window.starts)) * window.block_rows if is_copy else window.starts
    deal = Deal(
        readonly(starts), readonly(window.groups), window.shift, window.group_rows, len(window), np.uint64(window.key)
    )  # fmt: skip
    return EpochPiece(*rows, NO_DEAL.groups, deal)
