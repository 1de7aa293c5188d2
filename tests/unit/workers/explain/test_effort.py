"""The work of an explanation has a bound that the table's width and length do not move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.domain.model.network import ACTIVATIONS, Network
from workers.explain.effort import BUDGET, LEAST_REPEATS, pass_cost, plan

networks = st.builds(
    lambda sizes, activation, members: Network(tuple(sizes), activation, members=members),
    st.lists(st.integers(1, 600), min_size=2, max_size=5),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from([1, 8]),
)


@given(networks, st.integers(1, 5000), st.integers(1, 10**7))
def test_the_plan_stays_within_the_budget(network: Network, features: int, rows: int) -> None:
    found = plan(network, features, rows)
    assert 1 <= found.rows <= rows
    assert 1 <= found.features <= features
    assert found.repeats >= LEAST_REPEATS
    least_of_all = LEAST_REPEATS * pass_cost(network, found.rows)
    assert found.cost(network) <= max(BUDGET, least_of_all)


@given(networks, st.integers(1, 5000), st.integers(1, 10**7))
def test_nothing_is_left_out_without_need(network: Network, features: int, rows: int) -> None:
    found = plan(network, features, rows)
    if found.features < features:
        assert found.rows == min(rows, 100)
        assert (found.features + 1) * found.repeats * pass_cost(network, found.rows) > BUDGET


def test_three_hundred_columns_are_all_measured() -> None:
    for sizes in ((300, 1), (300, 64, 1), (300, 128, 64, 10)):
        found = plan(Network(sizes), 300, 20_000)
        assert found.features == 300
        assert found.rows >= 100
