"""A short version of `make predict-under-force`: aliases that move and processes that are killed, under load."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.predict_under_force import AT_MOST_SECONDS, Trained, killed, moved, trained

MOVES, KILLS, PROCESSES = 20, 2, 2


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    with trained(tmp_path_factory.mktemp("force"), PROCESSES) as at:
        yield at


def test_moved_alias_is_seen_in_every_process_within_a_second_and_no_request_fails(at: Trained) -> None:
    seen = moved(at, MOVES)
    assert seen.wrong == []
    assert [len(late) for late in seen.stale_seconds.values()] == [MOVES] * PROCESSES
    assert max(max(late) for late in seen.stale_seconds.values()) < AT_MOST_SECONDS


def test_killed_process_loses_no_request_of_a_client_that_tries_once_more(at: Trained) -> None:
    answers = killed(at, KILLS)
    assert [one.error for one in answers if one.error] == []
    assert sum(one.tries == 2 for one in answers) >= KILLS  # the load was there when they died
