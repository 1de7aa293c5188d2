"""Whose turn it is among jobs that wait: fair to owners, by priority among one owner's own, and found in indexes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import event, insert, text, update

from service.store import jobs
from service.store.session import Database, now
from service.store.steering import turns
from service.store.steering.turns import claim_next, place
from service.store.tables import JobRow, OwnerRow
from tests.contract.rows import add_job, at_once

LEASE = 30.0


def claim(database: Database, lane: str = "long") -> JobRow | None:
    with database.write() as session:
        return claim_next(session, lane, LEASE, "host/1/2")


def end(database: Database, *rows: JobRow | None) -> None:
    with database.write() as session:
        for row in rows:
            assert row is not None
            assert jobs.move(session, row.id, "succeeded", row.fence, finished_at=now(), lease_until=None)


def add(database: Database, owners: str, **values: Any) -> list[str]:
    """A job of each of these owners, in this order."""
    return [add_job(database, id=f"job_{next(NUMBERS):06}", owner=owner, **values) for owner in owners]


NUMBERS = itertools.count()


def served(database: Database, count: int) -> str:
    """The owners of so many jobs, each of which ends before the next is claimed."""
    order = ""
    for _ in range(count):
        row = claim(database)
        assert row is not None
        order += row.owner
        end(database, row)
    return order


def test_a_claim_takes_the_lease_and_says_who_has_it(database: Database) -> None:
    (id,) = add(database, "a")
    row = claim(database)
    assert row is not None
    assert (row.id, row.state, row.fence, row.attempt, row.worker) == (id, "running", 1, 1, "host/1/2")
    assert row.claimed_at == row.started_at
    assert row.lease_until is not None
    assert claim(database) is None


def test_one_owners_many_jobs_delay_anothers_single_one_by_one_job(database: Database) -> None:
    add(database, "a" * 20)
    assert served(database, 3) == "aaa"
    add(database, "b")
    assert served(database, 3) == "baa"  # it waits for the one that runs, and for no other


def test_owners_take_turns(database: Database) -> None:
    add(database, "a" * 6 + "b" * 3 + "c")
    assert served(database, 10) == "abcababaaa"


def test_an_owner_with_fewer_running_jobs_goes_first(database: Database) -> None:
    add(database, "a" * 3 + "b" * 3)
    first, second, third = (claim(database) for _ in range(3))
    assert [row.owner for row in (first, second, third) if row] == ["a", "b", "a"]
    end(database, second)
    fourth = claim(database)
    assert fourth is not None
    assert fourth.owner == "b"  # which has none running, though it was served after a's first


def test_of_an_owners_jobs_the_highest_priority_goes_first_then_the_first_submitted(database: Database) -> None:
    ids = [add(database, "a", priority=priority)[0] for priority in (0, 5, -3, 5, 0)]
    claimed = [claim(database) for _ in ids]
    assert [row.id for row in claimed if row] == [ids[number] for number in (1, 3, 0, 4, 2)]


def test_nobody_gains_on_another_owner_by_a_priority(database: Database) -> None:
    add(database, "a" * 3, priority=100)
    add(database, "b" * 3, priority=-100)
    assert served(database, 6) == "ababab"


def test_lanes_are_separate_lines(database: Database) -> None:
    (long,) = add(database, "a")
    (short,) = add(database, "a", lane="short")
    row = claim(database, "short")
    assert row is not None
    assert row.id == short
    assert claim(database, "short") is None
    row = claim(database)
    assert row is not None
    assert row.id == long


def test_only_queued_jobs_have_a_turn(database: Database) -> None:
    for state in ("paused", "cancelled", "running", "succeeded"):
        add(database, "a", state=state)
    assert claim(database) is None


def test_of_claims_at_the_same_moment_each_takes_a_job_of_its_own(database: Database) -> None:
    ids = add(database, "a" * 8 + "b")
    claimed = at_once(12, lambda _: claim(database))
    assert sorted(row.id for row in claimed if row is not None) == sorted(ids)


@pytest.mark.parametrize("earlier", ["", "ab", "bbca"])
def test_a_place_is_how_many_are_claimed_before(database: Database, earlier: str) -> None:
    add(database, earlier)
    served(database, len(earlier))
    ids = add(database, "aabbbcaab") + add(database, "ab", priority=3)
    with database.read() as session:
        places = {id: place(session, session.get_one(JobRow, id)).before for id in ids}
    order: list[str] = []
    for _ in ids:
        row = claim(database)
        assert row is not None
        order.append(row.id)
        end(database, row)
    assert places == {id: order.index(id) for id in ids}


def test_a_place_is_not_counted_far(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_COUNTED", 5)
    ids = add(database, "a" * 10 + "b" * 3)
    with database.read() as session:
        assert [place(session, session.get_one(JobRow, id)).before for id in (ids[2], ids[9])] == [4, 5]


def test_neither_a_claim_nor_a_place_looks_through_all_that_wait(database: Database) -> None:
    """Ten thousand jobs: what is read is found in indexes."""
    moment = now()
    rows = [
        {"id": f"job_{number:08}", "owner": "a", "kind": "train", "state": "queued", "spec": {}, "dataset_id": "d",
         "model_name": "m", "created_at": moment, "attempt": 0, "fence": 0, "lane": "long"}
        for number in range(10_000)
    ]  # fmt: skip
    with database.write() as session:
        session.execute(insert(JobRow), rows)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE jobs"))
    ran: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    row = claim(database)
    with database.read() as session:
        assert place(session, session.get_one(JobRow, "job_00000700")).before == 699
    event.remove(database.engine, "before_cursor_execute", note)
    assert row is not None
    assert row.id == "job_00000000"
    explain = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN "
    ran = [one for one in ran if not one[0].startswith("BEGIN")]
    assert len(ran) == 5
    for statement, parameters in ran:
        with database.engine.connect() as connection:
            plan = [str(line[-1]) for line in connection.exec_driver_sql(explain + statement, parameters)]
        full = [line for line in plan if line.startswith("SCAN jobs") or "Seq Scan on jobs" in line]
        assert full == [], "\n".join([statement, *plan])


def test_a_job_that_is_given_back_waits_at_its_place_again(database: Database) -> None:
    ids = add(database, "aaa")
    row = claim(database)
    assert row is not None
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == row.id).values(state="queued", lease_until=None))
    again = claim(database)
    assert again is not None
    assert again.id == ids[0]


def test_of_an_owner_only_so_many_jobs_run_at_a_time_and_others_go_meanwhile(database: Database) -> None:
    with database.write() as session:
        session.add(OwnerRow(id="b", limits={"running_jobs": 2}, created_at=now()))
        session.add(OwnerRow(id="c", limits={"running_jobs": 0}, created_at=now()))
    add(database, "a" * 4 + "b" * 4 + "c" * 4)

    def claim_one() -> JobRow | None:
        with database.write() as session:
            return claim_next(session, "long", LEASE, "w", most_running=1)

    with database.read() as session:
        assert turns.claimable(session, "long", 1) == 1 + 2 + 4
        assert turns.claimable(session, "long") == 4 + 2 + 4
    claimed = [claim_one() for _ in range(8)]
    assert sorted(row.owner for row in claimed if row) == ["a", "b", "b", "c", "c", "c", "c"]
    assert claimed[-1] is None
    with database.read() as session:
        assert turns.claimable(session, "long", 1) == 0
    end(database, next(row for row in claimed if row and row.owner == "a"))
    again = claim_one()
    assert again is not None
    assert again.owner == "a"
