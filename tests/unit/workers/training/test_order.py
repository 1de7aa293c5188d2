"""The order of an epoch: every row once, whatever the sizes; mixed as it is said to be; the same wherever rows are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.training.order import BLOCKS, GROUPS, Windows, as_they_lie, block_rows, in_order, is_large, places_of
from workers.training.split import epoch_order


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 60_000), st.integers(0, 4), st.integers(1, 7), st.integers(0, 2**53), st.integers(1, 1000))
def test_every_row_comes_once_in_an_epoch(rows: int, shift: int, group: int, seed: int, epoch: int) -> None:
    order = Windows(rows, group << shift, group, seed, epoch)
    places = places_of(order)
    assert len(order) == len(places) == rows
    assert np.array_equal(np.sort(places), np.arange(rows))
    assert np.array_equal(places, places_of(Windows(rows, group << shift, group, seed, epoch)))
    assert np.array_equal(places_of(Windows(rows, group << shift, group, seed, None)), np.arange(rows))


def test_another_epoch_or_seed_has_other_blocks_in_another_order() -> None:
    orders = [places_of(Windows(200 * BLOCKS, 20, 5, seed, epoch)) for seed, epoch in ((0, 1), (0, 2), (1, 1))]
    windows = [set((places[: 20 * BLOCKS] // 20).tolist()) for places in orders]
    assert len(windows[0] & windows[1]) < BLOCKS / 2
    assert len(windows[0] & windows[2]) < BLOCKS / 2


def test_small_tables_are_shuffled_as_a_whole() -> None:
    assert np.array_equal(places_of(in_order(3, 4, (1000, 10))), epoch_order(3, 4, 1000))


def test_blocks_are_large_enough_for_a_disk_and_windows_for_the_memory() -> None:
    for columns in (1, 10, 300, 10_000):
        shape = (2**40 // columns, columns)
        assert is_large(shape)
        block = block_rows(shape) * columns * 4
        assert 2**15 < block <= 2**16
        assert len(next(iter(as_they_lie(shape)))) % 256 == 0  # tiles of the fused engine


def test_the_mean_of_a_window_of_a_sorted_table_is_as_far_off_as_is_said() -> None:
    """By σ/√BLOCKS: 100 windows of BLOCKS blocks from 100 times as many; and by σ/√GROUPS for a hand of groups."""
    rows = 100 * BLOCKS * 16
    target = np.arange(rows) / rows
    windows = [window.rows() for window in Windows(rows, 16, 2, 0, 1)]
    means = [target[window].mean() for window in windows]
    expected = target.std() / np.sqrt(BLOCKS)
    assert 0.8 * expected < np.std(means) < 1.2 * expected  # 100 deviations: within 7 % as a rule
    hands = [target[window[: 2 * GROUPS]].mean() - target[window].mean() for window in windows]
    # of 8 groups in each of the window's blocks one in four is drawn
    assert np.std(hands) < 1.2 * target.std() / np.sqrt(GROUPS)


def test_rows_within_a_hand_are_in_no_order() -> None:
    window = next(iter(Windows(400_000, 16, 2, 0, 1)))
    places = window.rows()[: 2 * GROUPS]
    # neighbours in the order are independent places of the hand's: the correlation's deviation is 1/√n
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 5 / np.sqrt(len(places))
    assert (np.diff(places) == 1).mean() < 0.002
