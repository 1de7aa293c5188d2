"""Rows on the disk read as an array of the same numbers does, and leave no file behind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import StorageFull
from workers.training.data.room import Room, RowBuffer
from workers.training.stored import Chosen, Stored


def both(directory: Path, rows: int, columns: int, seed: int = 0) -> tuple[np.ndarray, Stored]:
    """The same numbers in memory and on the disk, written in uneven pieces."""
    numbers = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    sheet = RowBuffer(numbers.shape, np.float32, directory)
    for piece in np.array_split(numbers, 7):
        sheet.add(piece)
    assert isinstance(sheet.rows, Stored)
    return numbers, sheet.rows


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.integers(1, 5), st.data())
def test_slices_positions_and_columns_are_those_of_the_array(
    tmp_path: Path, rows: int, columns: int, data: st.DataObject
) -> None:
    numbers, stored = both(tmp_path, rows, columns)
    assert (stored.shape, len(stored), stored.ndim) == (numbers.shape, rows, 2)
    first, last = (data.draw(st.none() | st.integers(-rows - 3, rows + 3)) for _ in range(2))
    assert np.array_equal(stored[first:last], numbers[first:last])
    positions = np.array(data.draw(st.lists(st.integers(0, rows - 1), max_size=30)) if rows else [], dtype=np.int64)
    assert np.array_equal(stored[positions], numbers[positions])
    column = data.draw(st.integers(0, columns - 1))
    one, some = stored[:, column], stored[:, column : column + 1]
    assert (one.shape, some.shape) == ((rows,), (rows, 1))
    assert np.array_equal(one[first:last], numbers[:, column][first:last])
    assert np.array_equal(some[positions], numbers[:, column : column + 1][positions])
    chosen = Chosen(stored, positions)
    assert (chosen.shape, len(chosen)) == ((len(positions), columns), len(positions))
    assert np.array_equal(chosen[1:3], numbers[positions][1:3])


def test_positions_far_from_each_other_are_read_one_by_one(tmp_path: Path) -> None:
    numbers, stored = both(tmp_path, 300_000, 3)
    positions = np.random.default_rng(1).integers(0, 300_000, 500)
    assert np.array_equal(stored[positions], numbers[positions])


def test_the_file_has_no_name_and_is_gone_with_its_last_reader(tmp_path: Path) -> None:
    def free() -> int:
        return os.statvfs(tmp_path).f_bfree

    before = free()
    stored = Stored(tmp_path, (2**20, 16), np.float32)  # 64 MiB
    column = stored[:, 3]
    assert list(tmp_path.iterdir()) == []
    del stored
    assert column[:3].tolist() == [0.0] * 3
    assert before - free() > 2**25 // os.statvfs(tmp_path).f_frsize
    number = column._file.number
    del column
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_a_disk_without_room_is_named_before_anything_is_written(tmp_path: Path) -> None:
    statvfs = os.statvfs(tmp_path)
    with pytest.raises(StorageFull, match="of disk space during training"):
        Stored(tmp_path, (2 * statvfs.f_bfree * statvfs.f_frsize,), np.uint8)
    assert list(tmp_path.iterdir()) == []


def test_the_room_of_a_gigabyte_and_of_nothing() -> None:
    gigabyte = Room.of(2**30)
    assert gigabyte.keeps_in_memory(2**28)
    assert not gigabyte.keeps_in_memory(2**28 + 1)
    assert Room.of(2**20).keeps_in_memory(2**25)  # one window of rows is in memory anyway
