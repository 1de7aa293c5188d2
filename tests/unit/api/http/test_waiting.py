from __future__ import annotations

import pytest

from service.api.http.waiting import WaitingRequests, preferred_seconds
from service.errors import TooManyStreams
from service.wiring import Deps


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=5", 5),
        ("respond-async, wait=10", 10),
        ('Wait = "7"', 7),
        ("wait=3; foo=bar", 3),
        ("wait=0", 0),
        ("", None),
        ("wait", None),
        ("wait=", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=soon", None),
        ("waiting=3", None),
        ("wait=" + "9" * 5000, None),
    ],
)
def test_preference_is_read_or_ignored(header: str, seconds: int | None) -> None:
    assert preferred_seconds(header) == seconds


def test_wait_is_capped_and_what_was_applied_is_told(deps: Deps) -> None:
    waiting = WaitingRequests(deps.changes, 1, 1.0)
    looks: list[None] = []
    found, headers = waiting.preferred("wait=600", "job_1", lambda: looks.append(None))
    assert (found, headers) == (None, {"Preference-Applied": "wait=1"})
    assert len(looks) >= 2  # it waited, and looked once more when the time was up


def test_past_the_cap_nobody_waits(deps: Deps) -> None:
    waiting = WaitingRequests(deps.changes, 1, 120.0)
    release = waiting.stream()
    assert waiting.preferred("wait=100", "job_1", lambda: "seen") == ("seen", {})
    assert waiting.hold("job_1", lambda: None, 100) == (None, False)
    with pytest.raises(TooManyStreams):
        waiting.stream()
    release()
    release()  # a place is given back once only
    waiting.stream()
    with pytest.raises(TooManyStreams):
        waiting.stream()


def test_place_is_given_back_when_looking_fails(deps: Deps) -> None:
    waiting = WaitingRequests(deps.changes, 1, 120.0)

    def fail() -> None:
        raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            waiting.hold("job_1", fail, 1)
    waiting.stream()
