"""The split: exact, disjoint, a function of the seed and the row's number alone, the same shares of each class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.training.split import (
    TEST,
    TRAIN,
    UNUSED,
    VALIDATION,
    epoch_order,
    row_hash,
    split_rows,
    split_sha256,
)


def all_of(rows: int) -> np.ndarray:
    return np.ones(rows, dtype=bool)


@pytest.mark.parametrize(
    ("rows", "validation", "test", "counts"),
    [(1000, 0.2, 0.1, (700, 200, 100)), (7, 0.5, 0, (3, 4, 0)), (10, 0, 0, (10, 0, 0)), (10, 0.01, 0.01, (8, 1, 1))],
)
def test_every_row_is_in_one_part_and_the_counts_are_exact(
    rows: int, validation: float, test: float, counts: tuple[int, int, int]
) -> None:
    parts = split_rows(3, all_of(rows), validation, test)
    assert tuple(int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)) == counts


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    splits = [split_sha256(split_rows(seed, all_of(500), 0.2, 0.1)) for seed in (0, 0, 1, 2**53)]
    assert splits[0] == splits[1]
    assert len(set(splits)) == 3


def test_rows_of_each_part_come_from_everywhere() -> None:
    parts = split_rows(0, all_of(10_000), 0.2, 0.2)
    for part, share in ((VALIDATION, 0.2), (TEST, 0.2)):
        in_tenths = (parts == part).reshape(10, 1000).mean(axis=1)
        # a hypergeometric share of 1000 rows is within 0.2 ± 5 · 0.0126
        assert np.abs(in_tenths - share).max() < 0.063


def test_rows_that_cannot_be_used_are_in_no_part() -> None:
    usable = np.arange(100) % 3 != 0
    parts = split_rows(0, usable, 0.2, 0.1)
    assert np.array_equal(parts == UNUSED, ~usable)


def test_a_rows_place_depends_on_no_value_of_another() -> None:
    """With a class beside it or none, its order in its own class is that of its hash."""
    codes = np.random.default_rng(0).integers(0, 3, 400)
    parts = split_rows(5, all_of(400), 0.25, 0, codes)
    for label in range(3):
        rows = np.flatnonzero(codes == label)
        hashes = row_hash(5, rows)
        assert hashes[parts[rows] == VALIDATION].max() < hashes[parts[rows] == TRAIN].min()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3), min_size=8, max_size=200), st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 99))
def test_every_class_has_its_share_of_each_part(labels: list[int], validation: float, seed: int) -> None:
    codes = np.array(labels)
    parts = split_rows(seed, all_of(len(codes)), validation, 0.1, codes)
    for label in set(labels):
        own = parts[codes == label]
        assert (own == TRAIN).any()
        shares = max(1, round(len(own) * validation)), max(1, round(len(own) * 0.1))
        if sum(shares) >= len(own):  # too few to share: all of them train
            shares = 0, 0
        assert (int((own == VALIDATION).sum()), int((own == TEST).sum())) == shares


def test_classes_of_rows_without_a_target_are_not_looked_at() -> None:
    codes = np.array([0, 1] * 50 + [-1] * 10)
    parts = split_rows(0, codes >= 0, 0.2, 0, codes)
    assert (parts[codes < 0] == UNUSED).all()
    assert int((parts == VALIDATION).sum()) == 20


def test_hashes_never_collide() -> None:
    for seed in (0, 1, 2**53):
        assert len(np.unique(row_hash(seed, np.arange(100_000)))) == 100_000


def test_hashes_are_those_of_splitmix64() -> None:
    def mixed(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    # the first outputs of SplitMix64 seeded with 0, as its authors publish them
    assert mixed(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF
    key = mixed((7 + 0x9E3779B97F4A7C15) % 2**64)
    expected = [mixed((row * 0x9E3779B97F4A7C15 + key) % 2**64) for row in range(5)]
    assert row_hash(7, np.arange(5)).tolist() == expected


def test_an_epochs_order_is_a_permutation_of_its_seed_and_number() -> None:
    order = epoch_order(4, 7, 1000)
    assert sorted(order) == list(range(1000))
    assert np.array_equal(order, epoch_order(4, 7, 1000))
    assert not np.array_equal(order, epoch_order(4, 8, 1000))
    assert not np.array_equal(order, epoch_order(5, 7, 1000))


def test_orders_are_those_of_splitmix64_and_durstenfelds_shuffle() -> None:
    """In Python's own numbers, so that a run of last year can be taken up."""

    def draws(state: int) -> Iterator[int]:
        while True:
            state = (state + 0x9E3779B97F4A7C15) % 2**64
            z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
            yield (z ^ (z >> 31)) >> 32

    for seed, epoch, rows in ((0, 1, 1), (0, 1, 2), (3, 8, 1000)):
        numbers = draws(int(row_hash(seed, np.array([epoch]))[0]))
        expected = list(range(rows))
        for i in range(rows - 1, 0, -1):
            product = next(numbers) * (i + 1)
            while product % 2**32 < 2**32 % (i + 1):
                product = next(numbers) * (i + 1)
            j = product >> 32
            expected[i], expected[j] = expected[j], expected[i]
        assert epoch_order(seed, epoch, rows).tolist() == expected


def test_every_order_has_the_same_chance() -> None:
    """Of 4 rows there are 24 orders, 23 degrees of freedom: chi-square passes 49.7 once in a thousand times."""
    counts = np.unique([epoch_order(1, epoch, 4) for epoch in range(24_000)], axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert ((counts - 1000) ** 2 / 1000).sum() < 49.7


def test_no_row_stays_near_its_place_or_beside_its_neighbour() -> None:
    rows = 20_000
    order = epoch_order(0, 1, rows)
    # of independent places: |i - order[i]| is a third of the rows on average, and so is a neighbour's distance
    for distance in (np.abs(order - np.arange(rows)), np.abs(np.diff(order))):
        assert distance.mean() == pytest.approx(rows / 3, rel=0.03)
