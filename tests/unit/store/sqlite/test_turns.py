"""Threads write in the order in which they asked, also beside other processes; who waits too long is told."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service.errors import DatabaseUnavailable
from service.store.sqlite.turns import Turns, begin_to_write

THREADS = 20


def connection_to(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@contextmanager
def waiting(turns: Turns, number: int, came: list[int]) -> Iterator[threading.Thread]:
    """A thread that has asked, and writes its number down when it is its turn."""

    def work() -> None:
        with turns.taken(60):
            came.append(number)

    thread = threading.Thread(target=work)
    before = len(turns._waiting)
    thread.start()
    while len(turns._waiting) == before:
        time.sleep(0.001)
    yield thread


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, came, threads = Turns(), [], []
    with turns.taken(60):
        for number in range(THREADS):
            with waiting(turns, number, came) as thread:
                threads.append(thread)
        assert came == []
    for thread in threads:
        thread.join()
    assert came == list(range(THREADS))
    with turns.taken(0):  # nobody has it any more
        pass


def test_a_turn_that_does_not_come_is_given_up_and_harms_nobody_else() -> None:
    turns, came = Turns(), []
    with turns.taken(60):
        with pytest.raises(DatabaseUnavailable, match="no turn to write"), turns.taken(0.01):
            pass
        with waiting(turns, 1, came) as thread:
            assert came == []
    thread.join()
    assert came == [1]


def test_a_turn_that_ends_with_an_error_is_the_next_ones() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns.taken(60):
        raise KeyError
    with turns.taken(0):
        pass


def test_a_writer_waits_for_one_of_another_process_and_for_no_longer_than_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connection_to(path)) as other, closing(connection_to(path)) as mine:
        other.execute("CREATE TABLE seen (number)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO seen VALUES (1)")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            begin_to_write(mine.cursor(), 0.05)
        thread = threading.Timer(0.1, lambda: other.execute("COMMIT"))
        thread.start()
        begin_to_write(mine.cursor(), 60)
        assert mine.execute("SELECT number FROM seen").fetchall() == [(1,)]
        assert mine.execute("PRAGMA busy_timeout").fetchone() == (60_000,)
        thread.join()
