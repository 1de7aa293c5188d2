"""When a descent looks at the loss, and when it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.comparison.descent import LOOKS, MOST_PRODUCTS, MOST_STEPS, last_step, looks_at


@given(st.integers(1, 10_000), st.integers(1, 200))
def test_looks_rise_to_the_end_and_miss_no_epoch(in_epoch: int, epochs: int) -> None:
    last = min(in_epoch * epochs, 300_000)
    looks = list(looks_at(in_epoch, last))
    assert looks == sorted(set(looks))
    assert looks[-1] == last
    assert set(range(in_epoch, last + 1, in_epoch)) <= set(looks)
    assert len(looks) <= LOOKS + 60 + last // in_epoch  # the first ones are a step apart: they cannot lie closer


@given(st.integers(2, 10**9), st.integers(1, 10**6), st.integers(1, 10_000), st.sampled_from(list(MOST_STEPS.values())))
def test_no_descent_costs_more_than_is_allowed(rows: int, weights: int, epochs: int, most: int) -> None:
    for size in (1, 32, rows):
        last = last_step(size, rows, weights, epochs, most)
        assert 1 <= last <= most
        assert last == 1 or last * min(size, rows) * weights <= MOST_PRODUCTS
        assert last <= epochs * -(-rows // size)
