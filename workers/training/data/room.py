"""How much memory a training may take, and what of it is kept on the disk instead: decided here, for all of a job."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.resolving.limits import PROCESS_BYTES
from workers.training.order import WINDOW_BYTES
from workers.training.stored import Stored


@dataclass(frozen=True, slots=True)
class Room:
    """A prepared table of more than `table_bytes` is kept in files of `directory`; copies of rows that only save time
    may take `copies_bytes`; what cannot be trained on from the disk may take `most_bytes`."""

    table_bytes: int
    copies_bytes: int
    most_bytes: int
    directory: Path

    @classmethod
    def of(cls, memory_bytes: int, directory: Path | None = None) -> Room:
        """For a process that is to stay below `memory_bytes`. Of what its libraries leave, half may be the prepared
        table, and a quarter copies; the last quarter is for what passes. A table that one window of the shuffled order
        holds is in memory whatever the setting is."""
        free = max(memory_bytes - PROCESS_BYTES, 0)
        place = Path(tempfile.gettempdir()) if directory is None else directory
        return cls(max(free // 2, WINDOW_BYTES), free // 4, memory_bytes, place)

    def beside(self, taken_bytes: int) -> Room:
        """What is left beside a prepared table that takes so much memory."""
        table_bytes = max(self.table_bytes - taken_bytes, WINDOW_BYTES)
        return replace(self, table_bytes=table_bytes, most_bytes=max(self.most_bytes - taken_bytes, 0))

    def keeps_in_memory(self, size: int) -> bool:
        """Whether a prepared table of so many bytes stays in memory."""
        return size <= self.table_bytes


class RowBuffer:
    """Rows that are filled in from the first to the last: in memory, or in a file of `directory`."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, directory: Path | None) -> None:
        """Raises StorageFull."""
        self.rows: npt.NDArray[Any] | Stored = (
            np.empty(shape, dtype=dtype) if directory is None else Stored(directory, shape, dtype)
        )
        self._filled = 0

    def add(self, rows: npt.NDArray[Any]) -> None:
        """The next rows. Raises StorageFull."""
        start, self._filled = self._filled, self._filled + len(rows)
        if isinstance(self.rows, Stored):
            self.rows.write(start, rows)
        else:
            self.rows[start : self._filled] = rows
