"""Who waits is told at once, and finds out by itself when the message is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from service import changes as module
from service.changes import Changes


@pytest.fixture
def changes(valkey_url: str) -> Iterator[Changes]:
    changes = Changes(valkey_url)
    yield changes
    changes.close()


WAITS = 90  # seconds: a wait that nothing ends; long for any machine


def later(seconds: float, *calls: object) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: [call() for call in calls])  # type: ignore[operator]
    timer.start()
    return timer


def test_what_is_there_already_is_given_without_waiting(changes: Changes) -> None:
    started = time.monotonic()
    assert changes.wait("job_1", lambda: "done", WAITS) == "done"
    assert time.monotonic() - started < WAITS


def test_a_waiter_is_told_at_once_by_another_process(
    changes: Changes, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", WAITS)  # so that only the message can wake it
    other = Changes(valkey_url)
    state: list[str] = []
    changes.wait("warm", lambda: None, 0.3)  # the listener is there
    timer = later(0.2, lambda: state.append("done"), lambda: other.publish("job_1"))
    started = time.monotonic()
    assert changes.wait("job_1", lambda: state[0] if state else None, WAITS) == "done"
    assert time.monotonic() - started < WAITS
    timer.join()
    other.close()


def test_a_waiter_looks_again_though_no_message_comes(changes: Changes) -> None:
    state: list[str] = []
    timer = later(0.2, lambda: state.append("done"))
    assert changes.wait("job_1", lambda: state[0] if state else None, WAITS) == "done"
    timer.join()


def test_a_wait_ends_when_its_time_is_up(changes: Changes) -> None:
    started = time.monotonic()
    assert changes.wait("job_1", lambda: None, 0.3) is None
    assert 0.25 < time.monotonic() - started < WAITS


def test_a_message_about_another_wakes_nobody(changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", WAITS)
    looked: list[float] = []
    timer = later(0.2, lambda: changes.publish("job_2"))
    changes.wait("job_1", lambda: looked.append(time.monotonic()), 0.8)
    timer.join()
    assert len(looked) == 2  # at the start, and when the time was up


def test_closing_sends_every_waiter_home(changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", WAITS)
    timer = later(0.2, changes.close)
    started = time.monotonic()
    assert changes.wait("job_1", lambda: None, WAITS) is None
    assert time.monotonic() - started < WAITS
    assert changes.closed
    timer.join()


def test_without_a_broker_publishing_is_no_error_and_waiting_still_works() -> None:
    away = Changes("unix:///nowhere/valkey.sock")
    away.publish("job_1")
    state: list[str] = []
    timer = later(0.2, lambda: state.append("done"))
    assert away.wait("job_1", lambda: state[0] if state else None, WAITS) == "done"
    timer.join()
    away.close()
