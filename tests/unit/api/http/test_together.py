"""Looks that are shared: one for all who ask meanwhile, and never one that began before somebody asked."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from service.api.http.together import Together
from tests.integration.processes import eventually

MANY = 8


class Held:
    """A look that ends when it is let; how many there were."""

    def __init__(self) -> None:
        self.looks = 0
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def __call__(self) -> int:
        self.looks += 1
        mine = self.looks
        self.begun.release()
        self.may_end.acquire()
        return mine


def asking(together: Together[int]) -> int:
    return sum(looks.asking for looks in together._looks.values())


def test_who_asks_while_another_looks_is_given_what_the_next_look_finds() -> None:
    together, held = Together[int](), Held()
    with ThreadPoolExecutor(MANY + 1) as threads:
        first = threads.submit(together.look, "job", held)
        held.begun.acquire()
        others = [threads.submit(together.look, "job", held) for _ in range(MANY)]
        assert eventually(lambda: asking(together) == MANY + 1)
        held.may_end.release()
        assert first.result() == 1
        held.begun.acquire()
        assert not any(other.done() for other in others), "they were given what was looked for before they asked"
        held.may_end.release()
        assert [other.result() for other in others] == [2] * MANY
    assert held.looks == 2
    assert not together._looks


def test_other_things_are_looked_for_apart() -> None:
    together, held = Together[int](), Held()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(together.look, what, held) for what in ("one", "other")]
        for _ in waiting:
            held.begun.acquire()
        held.may_end.release(2)
        assert {one.result() for one in waiting} == {1, 2}


def test_what_a_look_raises_is_raised_for_all_and_the_next_one_looks_anew() -> None:
    together, held = Together[int](), Held()

    def fail() -> int:
        held()
        raise LookupError

    with ThreadPoolExecutor(MANY + 1) as threads:
        waiting: list[Future[int]] = [threads.submit(together.look, "job", fail)]
        held.begun.acquire()
        waiting += [threads.submit(together.look, "job", fail) for _ in range(MANY)]
        assert eventually(lambda: asking(together) == MANY + 1)
        held.may_end.release(2)
        for one in waiting:
            with pytest.raises(LookupError):
                one.result()
    assert held.looks == 2
    assert together.look("job", lambda: 7) == 7
