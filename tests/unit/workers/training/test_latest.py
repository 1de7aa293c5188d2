"""The split by a column: what sorting the rows would give, with equal values on one side, from any chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import WorkFailed
from workers.training.latest import ColumnPieces, split_latest
from workers.training.split import TEST, TRAIN, UNUSED, VALIDATION

steady = settings(max_examples=200, deadline=None, derandomize=True)


def in_chunks(values: np.ndarray, size: int = 7) -> ColumnPieces:
    def pieces() -> Iterator[tuple[slice, np.ndarray]]:
        for start in range(0, len(values), size):
            rows = slice(start, min(start + size, len(values)))
            yield rows, values[rows]

    return pieces


def split(values: np.ndarray, validation: float = 0.2, test: float = 0.1, size: int = 7) -> np.ndarray:
    return split_latest(in_chunks(values, size), np.ones(len(values), dtype=bool), validation, test)


@pytest.mark.parametrize("scale", [1.0, -1.0, 1e-300, 1e300, 1.7e9])
def test_rows_are_parted_as_sorting_them_would(scale: float) -> None:
    values = np.random.default_rng(0).permutation(1000) * scale - 300 * scale
    ordered = values[np.argsort(values)]
    parts = split(values)
    assert np.array_equal(parts == TRAIN, values < ordered[700])
    assert np.array_equal(parts == TEST, values >= ordered[900])
    assert np.count_nonzero(parts == VALIDATION) == 200


def test_times_of_one_day_that_differ_by_a_microsecond_are_told_apart() -> None:
    values = 1.7e9 + np.random.default_rng(1).permutation(100) * 1e-6
    assert set(np.flatnonzero(split(values, 0.1, 0) == VALIDATION)) == set(np.argsort(values)[90:])


@steady
@given(
    st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=True)), min_size=12, max_size=60),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(1, 80),
)
def test_no_earlier_row_is_held_out_for_a_later_one(
    cells: list[float], validation: float, test: float, size: int
) -> None:
    values = np.array(cells)
    timed = ~np.isnan(values)
    try:
        parts = split(values, validation, test, size)
    except WorkFailed:
        assert timed.sum() < 6  # else at least two train: each share takes at most 0.3, or one row
        return
    assert (parts[~timed] == TRAIN).all()
    groups = [values[timed & (parts == part)] for part in (TRAIN, VALIDATION, TEST)]
    assert [len(group) > 0 for group in groups] == [True, validation > 0, test > 0]
    assert len(groups[0]) >= 2
    there = [group for group in groups if len(group)]
    for before, after in pairwise(there):
        assert before.max() <= after.min()


def test_equal_values_stay_together_on_the_nearer_side() -> None:
    # 10 rows, 2 of them to validate: the third of the equal ones is the ninth row
    several = np.array([1, 2, 3, 4, 5, 6, 7, 7, 7, 8.0])
    assert (split(several, 0.2, 0) == VALIDATION).tolist() == [False] * 9 + [True]
    earlier = np.array([1, 2, 3, 4, 5, 6, 6.5, 7, 7, 7.0])
    assert (split(earlier, 0.2, 0) == VALIDATION).tolist() == [False] * 7 + [True] * 3


def test_equal_values_that_would_leave_a_part_empty_are_parted_by_their_place_in_the_table() -> None:
    values = np.array([5.0] * 6 + [4.0] * 14)  # 14 + 4 of 20 train or validate
    parts = split(values, 0.1, 0.1, size=3)
    assert np.flatnonzero(parts == VALIDATION).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(parts == TEST).tolist() == [4, 5]


def test_rows_that_cannot_be_used_are_in_no_part_and_count_for_none() -> None:
    values, usable = np.arange(100.0), np.arange(100) < 50
    parts = split_latest(in_chunks(values), usable, 0.2, 0)
    assert np.array_equal(parts == UNUSED, ~usable)
    assert np.flatnonzero(parts == VALIDATION).tolist() == list(range(40, 50))


def test_too_few_rows_with_a_value_are_refused() -> None:
    values = np.array([np.nan] * 30 + [1.0, 2.0])
    with pytest.raises(WorkFailed, match=r'only 2 of the rows .* 1 of those would train.*leave "order_by" null'):
        split(values, 0.2, 0)
