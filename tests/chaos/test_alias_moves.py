"""The judge of `make predict-under-force` finds what it is there to find."""

from __future__ import annotations

from tests.chaos.alias_moves import Move, judge
from tests.chaos.predict_load import Answer

MOVES = [Move(1, 10.0, 10.1), Move(2, 20.0, 20.1)]
VALUES = {1: 1.5, 2: 2.5, 3: 3.5}


def answer(process: int, began: float, version: int, value: float | None = None, took: float = 0.01) -> Answer:
    return Answer(began, began + took, process, version, VALUES[version] if value is None else value)


RIGHT = [answer(process, began, version) for process in (7, 8) for began, version in ((11.0, 1), (21.0, 2))]


def test_answers_that_follow_the_moves_are_right() -> None:
    seen = judge(MOVES, RIGHT, VALUES)
    assert seen.wrong == []
    assert seen.stale_seconds == {7: [0.0, 0.0], 8: [0.0, 0.0]}


def test_request_that_failed_is_found() -> None:
    assert len(judge(MOVES, [*RIGHT, Answer(12.0, 12.1, 7, error="refused")], VALUES).wrong) == 1


def test_version_that_was_never_aliased_is_found() -> None:
    assert any("version 3" in line for line in judge(MOVES, [*RIGHT, answer(7, 12.0, 3)], VALUES).wrong)


def test_numbers_of_another_version_are_found() -> None:
    assert len(judge(MOVES, [*RIGHT, answer(7, 12.0, 1, VALUES[2])], VALUES).wrong) == 1


def test_older_version_is_late_by_the_time_since_the_move_was_answered() -> None:
    seen = judge(MOVES, [*RIGHT, answer(8, 20.4, 1)], VALUES)
    assert seen.wrong == []
    assert seen.stale_seconds[7] == [0.0, 0.0]
    assert abs(seen.stale_seconds[8][1] - 0.3) < 1e-9


def test_either_version_is_right_while_the_alias_moves() -> None:
    during = [answer(7, 19.9, 1, took=0.15), answer(7, 19.95, 2, took=0.2), answer(7, 20.05, 1), answer(7, 20.05, 2)]
    seen = judge(MOVES, [*RIGHT, *during], VALUES)
    assert seen.wrong == []
    assert seen.stale_seconds[7] == [0.0, 0.0]


def test_process_that_never_had_the_version_is_found() -> None:
    assert any("process 8" in line for line in judge(MOVES, RIGHT[:3], VALUES).wrong)
