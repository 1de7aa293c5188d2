"""Leases: one claims, a stale fence writes nothing, what is forgotten is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service.domain.access.owners import DEFAULT_OWNER
from service.store import jobs, work
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow
from tests.contract.rows import add_dataset, add_job, at_once, expire

LEASE = 30.0
ADD = {JobRow: add_job, DatasetRow: add_dataset}
both = pytest.mark.parametrize("table", [JobRow, DatasetRow])


def claim(database: Database, table: type[Any], id: str) -> Any:
    with database.write() as session:
        return work.claim(session, table, id, LEASE)


@both
def test_a_claim_raises_fence_and_attempt_and_holds_for_the_lease(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    row = claim(database, table, id)
    assert (row.fence, row.attempt) == (1, 1)
    assert timedelta(seconds=LEASE - 5) < row.lease_until - now() <= timedelta(seconds=LEASE)
    assert claim(database, table, id) is None


@both
def test_of_claims_at_the_same_moment_exactly_one_wins(database: Database, table: type[Any]) -> None:
    for _ in range(5):
        id = ADD[table](database)
        won = [row for row in at_once(8, lambda _, id=id: claim(database, table, id)) if row is not None]
        assert [(row.fence, row.attempt) for row in won] == [(1, 1)]


@both
def test_an_expired_lease_can_be_claimed_by_another(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    claim(database, table, id)
    expire(database, table, id)
    assert claim(database, table, id).fence == 2


@both
def test_a_stale_fence_can_do_nothing(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    stale = claim(database, table, id).fence
    expire(database, table, id)
    current = claim(database, table, id).fence
    with database.write() as session:
        assert not work.write(session, table, id, stale, error={"code": "stale"})
        assert not work.write(session, table, id, stale)
        assert work.renew(session, table, id, stale, 900) is None
        assert work.held_state(session, table, id, stale) is None
        assert not work.release(session, table, id, stale)
    with database.read() as session:
        row = session.get(table, id)
        assert (row.error, row.fence) == (None, current)
        assert row.lease_until - now() <= timedelta(seconds=LEASE)


def test_a_stale_fence_cannot_end_a_job(database: Database) -> None:
    id = add_job(database)
    stale = claim(database, JobRow, id).fence
    expire(database, JobRow, id)
    claim(database, JobRow, id)
    with database.write() as session:
        assert not jobs.move(session, id, "succeeded", stale)
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "running"
        assert jobs.events_after(session, id, 0, 10) == []


@both
def test_the_holder_renews_and_writes(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    fence = claim(database, table, id).fence
    with database.write() as session:
        assert work.renew(session, table, id, fence, 900) == work.STARTED[table]
        assert work.write(session, table, id, fence, error={"code": "mine"})
        assert work.write(session, table, id, fence)  # asks, and changes nothing
    with database.read() as session:
        row = session.get(table, id)
        assert (row.error, row.fence) == ({"code": "mine"}, fence)
        assert row.lease_until - now() > timedelta(seconds=800)


@both
def test_a_released_row_waits_again_and_the_attempt_does_not_count(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    fence = claim(database, table, id).fence
    with database.write() as session:
        assert work.release(session, table, id, fence)
        assert list(work.never_sent(session, table)) == [id]
    row = claim(database, table, id)
    assert (row.attempt, row.fence) == (1, 3)  # giving it back has raised it: what its worker still does is stale


def test_a_job_that_is_being_cancelled_is_not_released_to_run_again(database: Database) -> None:
    id = add_job(database)
    fence = claim(database, JobRow, id).fence
    with database.write() as session:
        jobs.move(session, id, "cancelling")
        assert work.renew(session, JobRow, id, fence, LEASE) == "cancelling"
        assert not work.release(session, JobRow, id, fence)
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).state == "cancelling"


@both
def test_only_expired_leases_are_found_and_freed(database: Database, table: type[Any]) -> None:
    waiting, held, lost = (ADD[table](database) for _ in range(3))
    claim(database, table, held)
    claim(database, table, lost)
    expire(database, table, lost)
    with database.read() as session:
        found = work.expired(session, table)
    assert [row.id for row in found] == [lost]
    with database.write() as session:
        assert work.free(session, found[0])
        assert not work.free(session, found[0])  # it waits already
    with database.read() as session:
        row = session.get(table, lost)
        assert (row.state, row.lease_until, row.sent_at, row.attempt) == (work.WAITING[table], None, None, 1)
        assert set(work.never_sent(session, table)) == {waiting, lost}


@both
def test_a_lease_that_was_renewed_meanwhile_is_not_freed(database: Database, table: type[Any]) -> None:
    id = ADD[table](database)
    fence = claim(database, table, id).fence
    expire(database, table, id)
    with database.read() as session:
        found = work.expired(session, table)
    with database.write() as session:
        work.renew(session, table, id, fence, LEASE)
        assert not work.free(session, found[0])
        assert work.held_state(session, table, id, fence) == work.STARTED[table]


def test_an_expired_job_that_was_being_cancelled_is_not_run_again(database: Database) -> None:
    id = add_job(database)
    claim(database, JobRow, id)
    with database.write() as session:
        jobs.move(session, id, "cancelling")
    expire(database, JobRow, id)
    assert claim(database, JobRow, id) is None


@both
def test_what_was_sent_long_ago_and_still_waits_is_found_oldest_first(database: Database, table: type[Any]) -> None:
    old, older, fresh, taken = (ADD[table](database) for _ in range(4))
    with database.write() as session:
        work.mark_sent(session, table, [old, older, fresh, taken])
        assert list(work.never_sent(session, table)) == []
        long_ago = now() - timedelta(minutes=5)
        session.execute(update(table).where(table.id.in_([old, older, taken])).values(sent_at=long_ago))
    claim(database, table, taken)
    with database.read() as session:
        assert list(work.unsent(session, table, 60)) == sorted([old, older])


@both
def test_what_was_sent_by_a_clock_that_was_put_back_since_is_found_as_well(
    database: Database, table: type[Any]
) -> None:
    ahead, little = ADD[table](database), ADD[table](database)
    with database.write() as session:
        for id, by in ((ahead, timedelta(hours=1)), (little, timedelta(seconds=5))):
            session.execute(update(table).where(table.id == id).values(sent_at=now() + by))
    with database.read() as session:
        assert list(work.unsent(session, table, 30)) == [ahead]  # clocks of two machines differ a little


@both
def test_more_ids_than_a_statement_takes_are_marked_as_sent(database: Database, table: type[Any]) -> None:
    ids = sorted(ADD[table](database) for _ in range(3))
    most = 65_535  # values of one statement, on PostgreSQL
    with database.write() as session:
        work.mark_sent(session, table, [ids[0], *(f"no_{number}" for number in range(most)), *ids[1:]])
    with database.read() as session:
        assert list(work.never_sent(session, table)) == []


@both
def test_only_what_waits_in_the_lane_is_claimed_for_it(database: Database, table: type[Any]) -> None:
    short, long = ADD[table](database, lane="short"), ADD[table](database)
    with database.write() as session:
        assert work.claim(session, table, long, LEASE, lane="short") is None
        assert work.claim(session, table, short, LEASE, lane="short") is not None
        assert work.claim(session, table, long, LEASE) is not None


@both
def test_a_row_that_is_given_back_may_change_its_lane(database: Database, table: type[Any]) -> None:
    id = ADD[table](database, lane="short")
    fence = claim(database, table, id).fence
    with database.write() as session:
        assert work.release(session, table, id, fence, lane="long")
    with database.read() as session:
        assert (list(work.never_sent(session, table, "long")), list(work.never_sent(session, table, "short"))) == (
            [id],
            [],
        )


def test_an_expired_row_that_has_had_its_last_attempt_is_not_claimed(database: Database) -> None:
    id = add_job(database)
    with database.write() as session:
        assert work.claim(session, JobRow, id, -1, max_attempts=1) is not None  # and its lease has run out at once
    with database.write() as session:
        assert work.claim(session, JobRow, id, LEASE, max_attempts=1) is None
        assert work.claim(session, JobRow, id, LEASE, max_attempts=2) is not None
