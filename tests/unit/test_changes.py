"""Who waits is told at once, and finds out by itself when the message is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from service import changes as module
from service.changes import Changes

FOREVER = 3600  # seconds: a test whose wait nothing ends is stopped as one that hangs


@pytest.fixture
def changes(valkey_url: str) -> Iterator[Changes]:
    changes = Changes(valkey_url)
    yield changes
    changes.close()


@pytest.fixture
def only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks again of itself."""
    monkeypatch.setattr(module, "RECHECK_SECONDS", FOREVER)


class Waiter:
    """Waits in a thread of its own, until the word that it is given."""

    def __init__(self, changes: Changes, id: str) -> None:
        self.word: str | None = None
        self.looks = 0
        self.has_looked = threading.Event()
        self.found: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=lambda: self.found.put(changes.wait(id, self.look, FOREVER)), daemon=True).start()
        self.has_looked.wait()

    def look(self) -> str | None:
        self.looks += 1
        self.has_looked.set()
        return self.word

    def tell(self, word: str, changes: Changes, id: str) -> str | None:
        """Messages, until one arrives: the first may come before anybody listens."""
        self.word = word
        while self.found.empty():
            changes.publish(id)
            time.sleep(0.01)
        return self.found.get()


def test_what_is_there_already_is_given_without_waiting(changes: Changes, only_told: None) -> None:
    assert changes.wait("job_1", lambda: "done", FOREVER) == "done"


def test_a_waiter_is_told_by_another_process(changes: Changes, valkey_url: str, only_told: None) -> None:
    other = Changes(valkey_url)
    assert Waiter(changes, "job_1").tell("done", other, "job_1") == "done"
    other.close()


def test_a_waiter_looks_again_though_no_message_comes(changes: Changes) -> None:
    seen = iter([None, "done"])
    assert changes.wait("job_1", lambda: next(seen), FOREVER) == "done"


def test_a_wait_ends_when_its_time_is_up(changes: Changes, only_told: None) -> None:
    looks: list[None] = []
    assert changes.wait("job_1", lambda: looks.append(None), 0.3) is None
    assert len(looks) == 2  # at the start, and when the time was up


def test_a_message_about_another_wakes_nobody(changes: Changes, only_told: None) -> None:
    waiting, told = Waiter(changes, "job_1"), Waiter(changes, "job_2")
    assert told.tell("done", changes, "job_2") == "done"
    assert (waiting.looks, waiting.found.empty()) == (1, True)
    assert waiting.tell("done", changes, "job_1") == "done"
    assert waiting.looks == 2


def test_closing_sends_every_waiter_home(changes: Changes, only_told: None) -> None:
    waiters = [Waiter(changes, "job_1"), Waiter(changes, "job_2")]
    changes.close()
    assert [waiter.found.get() for waiter in waiters] == [None, None]
    assert changes.closed


def test_without_a_broker_publishing_is_no_error_and_waiting_still_works() -> None:
    away = Changes("unix:///nowhere/valkey.sock")
    away.publish("job_1")
    seen = iter([None, "done"])
    assert away.wait("job_1", lambda: next(seen), FOREVER) == "done"
    away.close()


def test_who_goes_on_watching_looks_again_only_for_a_change(changes: Changes, only_told: None) -> None:
    looks: list[int] = []

    def look() -> int | None:
        looks.append(len(looks))
        return looks[-1]

    with changes.watch("job_1") as watch:
        assert watch.wait(look, FOREVER) == 0  # as nobody has looked yet
        again = SimpleQueue[int | None]()
        threading.Thread(target=lambda: again.put(watch.wait(look, FOREVER)), daemon=True).start()
        time.sleep(0.1)
        assert looks == [0]
        while again.empty():
            changes.publish("job_1")
            time.sleep(0.01)
        assert again.get() == 1
        watch.look_again()
        assert watch.wait(look, FOREVER) == 2


def test_a_change_between_two_waits_is_not_missed(changes: Changes, only_told: None) -> None:
    with changes.watch("job_1") as watch:
        watch.wait(lambda: "first", FOREVER)
        waiter = Waiter(changes, "job_1")
        assert waiter.tell("it is told", changes, "job_1") == "it is told"  # so all who watch were told
        assert watch.wait(lambda: "second", FOREVER) == "second"
