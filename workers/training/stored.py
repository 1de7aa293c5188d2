"""Rows of numbers that are kept on the disk: a file without a name, read a piece at a time into memory of the reader's.

The file is not mapped: pages of a mapping count as the process's resident memory for as long as nobody takes them away.
It has no name from its start, so that it is gone with its last reader, however that one ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Integers
from service.errors import StorageFull
from service.store.blobs.failing import FULL, failing_disk_named

PIECE_BYTES = 2**20  # of rows that are read for some of them, and of writing at once


class File:
    """A file without a name, of one size from its start."""

    def __init__(self, directory: Path, size: int) -> None:
        """Raises StorageFull where the disk has no room for it."""
        with failing_disk_named():
            with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
                self.number = os.dup(file.fileno())
            try:
                if size:
                    os.posix_fallocate(self.number, 0, size)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                raise StorageFull(
                    f"the prepared table needs {size / 2**20:,.0f} MiB of disk space during training, and the disk is "
                    "full; free some, or allow more memory (ADALINE_TRAINING_MEMORY_BYTES)"
                ) from error

    def __del__(self) -> None:
        if hasattr(self, "number"):
            os.close(self.number)

    def write(self, at: int, data: memoryview) -> None:
        with failing_disk_named():
            while data:
                written = os.pwrite(self.number, data, at)
                at, data = at + written, data[written:]

    def read_into(self, at: int, data: memoryview) -> None:
        with failing_disk_named():
            while data:
                read = os.preadv(self.number, [data], at)
                if not read:
                    raise EOFError("a file of prepared rows is truncated")
                at, data = at + read, data[read:]

    def expect(self, at: int, size: int) -> None:
        """Ask the kernel for bytes that are read soon."""
        os.posix_fadvise(self.number, at, size, os.POSIX_FADV_WILLNEED)


class Stored:
    """(n, m) or (n,) numbers, read as an array is: `[start:stop]` and `[positions]` give copies in memory,
    `[:, columns]` the same rows with some of the columns."""

    def __init__(
        self, directory: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, columns: slice | int | None = None
    ) -> None:
        """Zeros, on the disk. Raises StorageFull."""
        self.dtype = np.dtype(dtype)
        self._whole = shape
        self._columns = columns
        self._row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * self.dtype.itemsize
        self._file = File(directory, shape[0] * self._row_bytes)

    @property
    def shape(self) -> tuple[int, ...]:
        if self._columns is None:
            return self._whole
        if isinstance(self._columns, int):
            return self._whole[:1]
        return self._whole[0], len(range(*self._columns.indices(self._whole[1])))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self._whole[0]

    def write(self, start: int, rows: npt.NDArray[Any]) -> None:
        """Rows from `start` on. Raises StorageFull."""
        data = np.ascontiguousarray(rows, dtype=self.dtype)
        if len(data):
            self._file.write(start * self._row_bytes, memoryview(data.data).cast("B"))

    def read_into(self, start: int, rows: npt.NDArray[Any]) -> None:
        """Fill the whole rows (n, m) or (n,), C-contiguous, from those that start at `start`."""
        if len(rows) and self._row_bytes:
            self._file.read_into(start * self._row_bytes, memoryview(rows.data).cast("B"))

    def expect(self, start: int, stop: int) -> None:
        """Have rows read ahead, while other work goes on."""
        self._file.expect(start * self._row_bytes, (stop - start) * self._row_bytes)

    @overload
    def __getitem__(self, rows: tuple[slice, slice | int]) -> Stored: ...
    @overload
    def __getitem__(self, rows: slice | Integers) -> npt.NDArray[Any]: ...
    def __getitem__(self, rows: slice | Integers | tuple[slice, slice | int]) -> npt.NDArray[Any] | Stored:
        if isinstance(rows, tuple):
            return self._view(rows[1])
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            return self._read(start, max(stop, start))
        found = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        for places, start, stop in _spans(rows, max(PIECE_BYTES // max(self._row_bytes, 1), 1)):
            found[places] = self._read(start, stop)[rows[places] - start]
        return found

    def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
        rows = np.empty((stop - start, *self._whole[1:]), dtype=self.dtype)
        self.read_into(start, rows)
        return rows if self._columns is None else rows[:, self._columns]

    def _view(self, columns: slice | int) -> Stored:
        view = object.__new__(Stored)
        view.dtype, view._whole, view._file, view._row_bytes = self.dtype, self._whole, self._file, self._row_bytes
        view._columns = columns
        return view


class Chosen:
    """Some rows of an array or of stored ones, read when they are asked for."""

    def __init__(self, rows: npt.NDArray[Any] | Stored | Chosen, positions: Integers) -> None:
        self._rows, self._positions = rows, positions

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._positions), *self._rows.shape[1:])

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, rows: slice | Integers) -> npt.NDArray[Any]:
        return self._rows[self._positions[rows]]


def _spans(rows: Integers, longest: int) -> Iterator[tuple[Integers, int, int]]:
    """Positions within `rows` of those that lie in one span of the file, and the span: from the first to behind the
    last of them, at most `longest` rows."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    first = 0
    while first < len(ordered):
        start = int(ordered[first])
        behind = int(np.searchsorted(ordered, start + longest))
        yield order[first:behind], start, int(ordered[behind - 1]) + 1
        first = behind
