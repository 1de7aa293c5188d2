"""A table that is gone through several times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.cells.kinds import Kind
from workers.training.data import reading
from workers.training.data.reading import TableReading

ROWS = 100
KINDS: dict[str, Kind] = {"a": "numeric", "b": "numeric"}


def written(path: Path, row_group_size: int = ROWS) -> Path:
    columns = {"a": np.arange(ROWS) / 2, "b": np.arange(ROWS) / 4}
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
    return path


@pytest.mark.parametrize("row_group_size", [ROWS, 30])
def test_a_small_table_is_told_whole(tmp_path: Path, row_group_size: int) -> None:
    whole = TableReading(written(tmp_path / "t", row_group_size), KINDS, 2**20).small()
    assert whole is not None
    assert whole.n_rows == ROWS
    np.testing.assert_array_equal(whole.floats("a"), np.arange(ROWS) / 2)
    np.testing.assert_array_equal(whole.floats("b"), np.arange(ROWS) / 4)


def test_a_table_of_several_chunks_is_not(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.zeros(CHUNK_ROWS + 1)}), tmp_path / "t")
    assert TableReading(tmp_path / "t", {"a": "numeric"}, 2**30).small() is None


def test_a_table_beyond_the_room_for_copies_or_that_is_not_small_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "t")
    assert TableReading(path, KINDS, 0).small() is None
    monkeypatch.setattr(reading, "SMALL_BYTES", 2 * ROWS * reading.CELL_BYTES - 1)
    assert TableReading(path, KINDS, 2**20).small() is None


def test_words_of_a_table_of_before_lose_the_blanks_around_them(tmp_path: Path) -> None:
    cells = [" red", "red", None, "blue ", "green"]
    pq.write_table(pa.table({"c": cells}), tmp_path / "t")
    ((_, chunk),) = TableReading(tmp_path / "t", {"c": "categorical"}, 2**20).pieces(["c"])
    found = chunk.categories("c")
    assert found.values == ("red", "blue", "green")
    assert found.codes.tolist() == [0, 0, -1, 1, 2]
