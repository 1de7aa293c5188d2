"""A job's states: every job can end, and what has ended stays so."""

from __future__ import annotations

from service.domain.jobs.lifecycle import JOB_STATES, MOVES, TERMINAL, is_terminal, sources


def test_what_has_ended_cannot_move() -> None:
    assert {state for state in JOB_STATES if not MOVES[state]} == TERMINAL == {"succeeded", "failed", "cancelled"}
    assert [is_terminal(state) for state in ("queued", "running", "cancelling", "failed")] == [False] * 3 + [True]


def test_from_every_state_an_end_can_be_reached() -> None:
    for state in set(JOB_STATES) - TERMINAL:
        assert MOVES[state] & TERMINAL


def test_sources_are_the_moves_read_backwards() -> None:
    assert sorted(sources("running")) == ["paused", "queued"]
    assert sorted(sources("queued")) == ["paused", "running"]
    assert sorted(sources("cancelling")) == ["paused", "running"]
    assert sorted(sources("paused")) == ["queued", "running"]
    assert sorted(sources("succeeded")) == ["cancelling", "paused", "running"]
    assert sorted(sources("cancelled")) == ["cancelling", "paused", "queued"]
