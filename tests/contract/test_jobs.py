"""Jobs move as the lifecycle allows, each move an event; events are numbered without gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.changes import Changes
from service.domain.access.owners import DEFAULT_OWNER
from service.domain.jobs.lifecycle import JOB_STATES
from service.domain.jobs.speed import Speed
from service.errors import IllegalMove, JobNotFound
from service.store import jobs, work
from service.store.session import Database
from service.store.tables import JobRow
from service.usecases.cancel import cancel
from tests.contract.rows import add_job, at_once

LEGAL = {
    ("queued", "running"), ("queued", "cancelled"), ("queued", "failed"),
    ("running", "queued"), ("running", "cancelling"), ("running", "succeeded"), ("running", "failed"),
    ("cancelling", "cancelled"), ("cancelling", "succeeded"), ("cancelling", "failed"),
    ("queued", "paused"), ("running", "paused"), ("paused", "queued"), ("paused", "running"), ("paused", "cancelling"),
    ("paused", "cancelled"), ("paused", "succeeded"), ("paused", "failed"),
}  # fmt: skip


@pytest.fixture
def changes(valkey_url: str) -> Changes:
    return Changes(valkey_url)


@pytest.mark.parametrize("start", JOB_STATES)
def test_only_legal_moves_are_made_and_each_is_an_event(database: Database, start: str) -> None:
    for target in JOB_STATES:
        id = add_job(database, state=start)
        with database.write() as session:
            moved = jobs.move(session, id, target)  # type: ignore[arg-type]  # of JOB_STATES
        with database.read() as session:
            told = [event.data["state"] for event in jobs.events_after(session, id, 0, 10)]
            state = jobs.get(session, DEFAULT_OWNER, id).state
        if (start, target) in LEGAL:
            assert (moved, state, told) == (True, target, [target])
        else:
            assert (moved, state, told) == (False, start, [])


def test_a_failure_is_told_with_its_reason(database: Database) -> None:
    id = add_job(database, state="running")
    error = {"code": "diverged", "detail": "too fast"}
    with database.write() as session:
        jobs.move(session, id, "failed", error=error)
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).error == error
        assert jobs.events_after(session, id, 0, 10)[0].data == {"state": "failed", "error": error}


def test_events_written_at_the_same_time_are_numbered_without_gaps(database: Database) -> None:
    id = add_job(database)
    with database.write() as session:
        claimed = work.claim(session, JobRow, id, 30)
    assert claimed is not None

    def write_ten(number: int) -> None:
        for count in range(10):
            with database.write() as session:
                work.write(session, JobRow, id, claimed.fence, progress={"at": count})
                jobs.append_event(session, id, "epoch", {"thread": number, "count": count})

    at_once(6, write_ten)
    with database.read() as session:
        events = jobs.events_after(session, id, 0, 100)
    assert [event.seq for event in events] == list(range(1, 61))
    for number in range(6):  # each thread's own are in its order
        assert [event.data["count"] for event in events if event.data["thread"] == number] == list(range(10))


def test_events_go_on_from_where_a_reader_was(database: Database) -> None:
    id = add_job(database)
    with database.write() as session:
        for count in range(5):
            jobs.append_event(session, id, "message", {"text": str(count)})
    with database.read() as session:
        assert [event.seq for event in jobs.events_after(session, id, 2, 2)] == [3, 4]
        assert [event.seq for event in jobs.events_after(session, id, 4, 2)] == [5]
        assert jobs.events_after(session, id, 5, 2) == []


@pytest.mark.parametrize(("before", "after"), [("queued", "cancelled"), ("running", "cancelling")])
def test_cancel_ends_what_waits_and_asks_what_runs(
    database: Database, changes: Changes, before: str, after: str
) -> None:
    id = add_job(database, state=before)
    assert cancel(database, changes, DEFAULT_OWNER, id).state == after
    assert cancel(database, changes, DEFAULT_OWNER, id).state == after  # asking twice changes nothing
    with database.read() as session:
        assert [event.data["state"] for event in jobs.events_after(session, id, 0, 10)] == [after]
    changes.close()


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_what_has_ended_cannot_be_cancelled(database: Database, changes: Changes, state: str) -> None:
    id = add_job(database, state=state)
    with pytest.raises(IllegalMove, match=state):
        cancel(database, changes, DEFAULT_OWNER, id)
    with pytest.raises(JobNotFound):
        cancel(database, changes, DEFAULT_OWNER, "job_nowhere")
    changes.close()


def test_a_cancel_at_the_moment_of_a_claim_is_never_lost(database: Database, changes: Changes) -> None:
    def claim(id: str) -> None:
        with database.write() as session:
            work.claim(session, JobRow, id, 30)

    for _ in range(25):
        id = add_job(database)
        at_once(2, lambda number, id=id: claim(id) if number else cancel(database, changes, DEFAULT_OWNER, id))
        with database.read() as session:
            assert jobs.get(session, DEFAULT_OWNER, id).state in ("cancelled", "cancelling")
    changes.close()


def test_speeds_are_those_of_the_newest_finished_runs(database: Database) -> None:
    speed = Speed("autograd", "cpu", 100, 10, 5, 400, 0.5, 0.25)
    add_job(database, state="succeeded", result={"metrics": {}, "speed": speed.to_json()})
    newer = replace(speed, rows=200)
    add_job(database, state="succeeded", result={"metrics": {}, "speed": newer.to_json()})
    add_job(database, state="succeeded", result={"metrics": {}})  # of an earlier version
    add_job(database, state="succeeded")
    add_job(database, state="failed", result={"speed": speed.to_json()})
    with database.read() as session:
        assert jobs.speeds(session) == [newer, speed]
        assert jobs.speeds(session, newest=3) == [newer]


def test_warnings_are_the_messages_that_carry_one(database: Database) -> None:
    id = add_job(database)
    first, second = {"code": "a", "detail": "one"}, {"code": "b", "detail": "two", "pointer": "/x"}
    with database.write() as session:
        jobs.append_event(session, id, "state", {"state": "queued"})
        jobs.append_event(session, id, "message", {"text": "one", "warning": first})
        jobs.append_event(session, id, "message", {"text": "a note"})
        jobs.append_event(session, id, "message", {"text": "two", "warning": second})
    with database.read() as session:
        assert jobs.warnings(session, id) == [first, second]
