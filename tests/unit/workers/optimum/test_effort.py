"""A certificate's work has a bound, and goes the best way below it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from workers.optimum.effort import BUDGET, PASSES, READ, Size, allowance, to_convex, to_least_squares

sizes = st.builds(Size, st.integers(10, 10**7), st.integers(1, 2_000), st.sampled_from((1, 3, 7, 20, 100, 400, 1000)))


@given(sizes, st.booleans())
def test_a_search_stays_within_the_allowance(size: Size, errors: bool) -> None:
    way = to_convex(size, BUDGET, errors)
    if way is None:  # even from what is in memory
        assert size.products() + size.metric() + PASSES * (size.passing() + size.cells) > BUDGET
    elif not way.whole:
        once = READ * size.cells if way.exact else way.passes * size.cells
        last = size.hessian(way.every) if way.every else 0
        assert way.passes >= PASSES
        assert once + size.products() + size.metric() + way.passes * size.passing() + last <= BUDGET
        assert way.every in (0, 1) or size.rows // way.every >= 35 * size.width


@given(sizes, st.booleans())
def test_more_room_is_never_used_for_less(size: Size, errors: bool) -> None:
    little, more = (to_convex(size, BUDGET * factor, errors) for factor in (1, 8))
    if little is not None:
        assert more is not None
        assert more.exact >= little.exact
        assert more.whole >= little.whole
        if little.exact == more.exact and little.every:
            assert 1 <= more.every <= little.every


@given(sizes)
def test_a_long_training_leaves_more_room_and_a_short_one_the_budget(size: Size) -> None:
    assert allowance(size, 0) >= BUDGET
    assert allowance(size, 10_000) >= allowance(size, 10)


def test_three_hundred_columns_lose_their_errors_first_then_the_table_then_the_optimum() -> None:
    binary = Size(35_000, 301, 1)
    all_rows = to_convex(binary, BUDGET, True)
    assert all_rows is not None
    assert (all_rows.exact, all_rows.every) == (True, 1)
    from_the_disk = to_convex(binary, BUDGET, True, kept=False)
    assert from_the_disk is not None
    assert not from_the_disk.exact
    ten = to_convex(replace(binary, outputs=10), BUDGET, True)
    assert ten is not None
    assert (ten.exact, ten.every) == (True, 0)
    long = to_convex(Size(140_000, 301, 1), BUDGET, True)
    assert long is not None
    assert (long.exact, long.every > 1) == (False, True)
    assert to_convex(Size(140_000, 301, 10), BUDGET, True) is None
    assert (to_least_squares(binary, BUDGET).whole, to_least_squares(Size(140_000, 301, 1), BUDGET).whole) == (
        True,
        False,
    )
    assert not to_least_squares(Size(10**7, 301, 1), BUDGET).exact
