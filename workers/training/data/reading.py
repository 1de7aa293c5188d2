"""A table that is gone through several times: read once where its columns fit into the room for copies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from service.domain.cells.chunks import rows_at_once
from service.domain.cells.columns import Columns
from service.domain.cells.kinds import Kind
from service.reading.arrow.stored import chunks

CELL_BYTES = 8  # of a column in memory, at most: float64, or the number of a category
SMALL_BYTES = 2**20  # a table that takes no more may stay in memory as long as a job runs


class TableReading:
    """The columns `kinds` of a table, a chunk at a time; chunks have the same borders every time."""

    def __init__(self, path: Path, kinds: Mapping[str, Kind], copies_bytes: int, width: int = 0) -> None:
        """The columns will be encoded into about `width`."""
        self._rows = rows_at_once(max(width, len(kinds)))
        self._path = path
        self._kinds = dict(kinds)
        with pq.ParquetFile(path) as file:
            self.n_rows = file.metadata.num_rows
        self._bytes = self.n_rows * len(self._kinds) * CELL_BYTES
        self._keeps = self._bytes <= copies_bytes
        self._kept: list[Columns] | None = None

    def pieces(self, names: Iterable[str]) -> Iterator[tuple[slice, Columns]]:
        """Chunks of some columns (or of none), and which rows of the table they are."""
        wanted = {name: self._kinds[name] for name in names}
        start = 0
        for chunk in self._chunks(wanted):
            stop = start + chunk.n_rows
            yield slice(start, stop), Columns({name: chunk[name] for name in wanted}, chunk.n_rows)
            start = stop

    def small(self) -> Columns | None:
        """All columns of a table that is small, and one chunk."""
        read = list(self._chunks(self._kinds)) if self._keeps and self._bytes <= SMALL_BYTES else []
        return read[0] if len(read) == 1 else None

    def _chunks(self, wanted: Mapping[str, Kind]) -> Iterable[Columns]:
        if not wanted:
            sizes = (min(self._rows, self.n_rows - start) for start in range(0, self.n_rows, self._rows))
            return (Columns({}, size) for size in sizes)
        if not self._keeps:
            return chunks(self._path, wanted, self._rows)
        if self._kept is None:
            self._kept = list(chunks(self._path, self._kinds, self._rows))
        return self._kept
