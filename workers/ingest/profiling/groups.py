"""The stored table, one group of rows at a time: read by a few threads, handed on in the order of the file."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.arrays import AnyArray
from service.domain.cells.kinds import Holds, Kind, holds_words, kind_of
from service.reading.arrow.types import TIME
from workers.ingest.profiling.distinct import Distinct
from workers.ingest.profiling.moments import CrossMoments, moments
from workers.ingest.profiling.numbers import NumberGroup, Sizes, number_group
from workers.ingest.profiling.words import WordGroup, word_group

Extremes = tuple[Any, Any] | None


@dataclass(frozen=True, slots=True)
class Group:
    """What one group of rows says: of each column, and of all pairs of the columns in `GroupPlan.paired`."""

    columns: dict[str, NumberGroup | WordGroup]
    moments: CrossMoments | None


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What to find out of each group: the kind of each column, the number that its values are measured from, the
    edges of its histogram, and how much to keep."""

    kinds: Mapping[str, Kind]
    origins: Mapping[str, float]
    edges: Mapping[str, AnyArray]
    paired: tuple[str, ...]
    sizes: Sizes


class StoredTable:
    """A table as a Parquet file."""

    def __init__(self, path: Path, kinds: Mapping[str, Kind]) -> None:
        self._path = path
        self._kinds = kinds
        self._metadata = pq.read_metadata(path)
        self.rows: int = self._metadata.num_rows
        self.groups: int = self._metadata.num_row_groups

    def bounds(self) -> dict[str, Extremes]:
        """The least and the greatest value of each column that is not of words, as the file's own statistics say:
        float64, microseconds since 1970 or a truth. None where every cell is missing."""
        found: dict[str, Extremes] = {}
        for place, (name, kind) in enumerate(self._kinds.items()):
            if holds_words(kind):
                continue
            parts = [self._metadata.row_group(group).column(place).statistics for group in range(self.groups)]
            parts = [part for part in parts if part is not None and part.has_min_max]
            least, greatest = [part.min_raw for part in parts], [part.max_raw for part in parts]
            found[name] = (min(least), max(greatest)) if parts else None
        return found

    def summaries(self, plan: GroupPlan, distinct: Mapping[str, Distinct], threads: int) -> Iterator[Group]:
        """Each group's, in the order of the file. Not more than a few groups are in memory at once."""
        waiting: deque[Future[Group]] = deque()
        with ThreadPoolExecutor(threads, thread_name_prefix="profile") as pool:
            for group in range(self.groups):
                waiting.append(pool.submit(self._summary, group, plan, distinct))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _summary(self, group: int, plan: GroupPlan, distinct: Mapping[str, Distinct]) -> Group:
        words = [name for name, kind in plan.kinds.items() if holds_words(kind)]
        with pq.ParquetFile(self._path, metadata=self._metadata, read_dictionary=words) as file:
            table = file.read_row_group(group, use_threads=False)
        columns: dict[str, NumberGroup | WordGroup] = {}
        cells = np.empty((len(plan.paired), table.num_rows))
        places = {name: place for place, name in enumerate(plan.paired)}
        with np.errstate(all="ignore"):  # what overflows is found out where the group is used
            for column, (name, kind) in zip(table.itercolumns(), plan.kinds.items(), strict=True):
                array, bound = _whole(column), distinct[name].bound
                if (holds := kind_of(kind).holds) == "words":
                    columns[name] = word_group(array, bound, plan.sizes)
                    continue
                present = _numbers(array.drop_null() if array.null_count else array, holds)
                origin, edges = plan.origins.get(name, 0.0), plan.edges.get(name, np.empty(0))
                columns[name] = number_group(present, edges, origin, bound, plan.sizes, holds)
                if name in places:
                    row = cells[places[name]]
                    if array.null_count:
                        row.fill(math.nan)
                        row[array.is_valid().to_numpy(zero_copy_only=False)] = present - origin
                    else:
                        np.subtract(present, origin, out=row)
            return Group(columns, moments(cells) if plan.paired else None)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(array: pa.Array, holds: Holds) -> npt.NDArray[Any]:
    """(n,) float64, or int64 for truths and for times, whose microseconds these are."""
    if holds == "numbers":
        return np.asarray(array.to_numpy(zero_copy_only=False))
    if holds == "truths":
        return np.asarray(array.to_numpy(zero_copy_only=False)).astype(np.int64)
    return np.asarray(array.cast(TIME).to_numpy(zero_copy_only=False)).astype("M8[us]").view(np.int64)
