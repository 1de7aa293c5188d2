"""Requests a second: never more than allowed, by one process or by several together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from service.domain.access.identity import Identity
from service.errors import RateLimited
from service.usecases.limits.rates import RequestRates
from service.wiring import Deps
from tests.contract.rows import at_once

MOST = 50


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.25

    def __call__(self) -> float:
        return self.seconds


def of(owner: str, **limits: int) -> Identity:
    return Identity(owner, frozenset(), "k", limits or None)


def let_through(rates: RequestRates, who: Identity, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            rates.admit(who)
            count += 1
        except RateLimited:
            pass
    return count


@pytest.fixture
def make_rates(make_deps: Callable[..., Deps]) -> Callable[..., RequestRates]:
    return lambda clock, **settings: RequestRates(make_deps(owner_requests_per_second=MOST, **settings).settings, clock)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_lets_through_what_is_allowed_and_the_next_one_again(
    make_rates: Callable[..., RequestRates], processes: int, request: pytest.FixtureRequest
) -> None:
    clock = Clock()
    rates = make_rates(clock, api_processes=processes)
    who = of(f"one-{request.node.callspec.id}")
    assert let_through(rates, who, 3 * MOST) == MOST
    assert let_through(rates, of("another-" + who.owner), 5) == 5
    clock.seconds += 1
    assert let_through(rates, who, 3 * MOST) == MOST


def test_processes_together_let_through_what_is_allowed(make_rates: Callable[..., RequestRates]) -> None:
    clock = Clock()
    each = [make_rates(clock, api_processes=4) for _ in range(4)]
    who = of("together")
    counts = at_once(16, lambda number: let_through(each[number % 4], who, MOST))
    assert sum(counts) == MOST


def test_answers_say_how_many_are_left_and_a_refusal_when_to_come_back(make_rates: Callable[..., RequestRates]) -> None:
    rates, who = make_rates(Clock()), of("told")
    assert rates.admit(who) == (("RateLimit-Policy", '"requests";q=50;w=1'), ("RateLimit", '"requests";r=49;t=1'))
    let_through(rates, who, MOST - 1)
    with pytest.raises(RateLimited) as refused:
        rates.admit(who)
    assert refused.value.retry_after == 1
    assert dict(refused.value.headers)["RateLimit"] == '"requests";r=0;t=1'


def test_an_owner_may_have_another_limit_or_none(make_rates: Callable[..., RequestRates]) -> None:
    rates = make_rates(Clock())
    assert let_through(rates, of("slow", requests_per_second=3), 10) == 3
    assert rates.admit(of("free", requests_per_second=0)) == ()
    assert let_through(rates, of("usual", datasets=3), 2 * MOST) == MOST


def test_without_a_limit_nothing_is_counted_or_said(make_deps: Callable[..., Deps]) -> None:
    rates = RequestRates(make_deps().settings)
    assert rates.admit(of("anybody")) == ()
    assert rates._windows == {}


def test_while_redis_is_away_each_process_counts_by_itself(make_deps: Callable[..., Deps]) -> None:
    settings = make_deps(owner_requests_per_second=MOST, broker_url="redis://127.0.0.1:1/0").settings
    assert let_through(RequestRates(settings, Clock()), of("alone"), 3 * MOST) == MOST


def test_threads_of_a_process_share_what_is_allowed(make_rates: Callable[..., RequestRates]) -> None:
    rates, who, counted = make_rates(Clock()), of("threads"), []
    threads = [threading.Thread(target=lambda: counted.append(let_through(rates, who, 20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counted) == MOST
