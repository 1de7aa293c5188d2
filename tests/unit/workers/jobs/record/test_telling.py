"""What is told of a job while it goes: when, and in how many transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, update

from service.domain.access.owners import DEFAULT_OWNER
from service.errors import WorkFailed
from service.store import jobs
from service.store.tables import JobRow
from service.wiring import Deps
from tests import samples
from workers.jobs.record import telling
from workers.jobs.record.telling import Teller
from workers.lease import LeaseLost, claimed


@pytest.fixture
def teller(deps: Deps) -> Iterator[Teller]:
    """Of a job that has been claimed."""
    with claimed(deps, JobRow, samples.job(deps).id) as lease:
        assert lease is not None
        yield Teller(deps, lease)


def messages_of(deps: Deps, teller: Teller) -> list[Any]:
    with deps.database.read() as session:
        events = jobs.events_after(session, teller.lease.row.id, 0, 100)
    return [one.data["text"] for one in events if one.type == "message"]


def message(text: str) -> jobs.Told:
    return "message", {"text": text}


def test_what_is_told_soon_is_told_in_one_transaction_and_in_order(deps: Deps, teller: Teller) -> None:
    commits: list[object] = []
    event.listen(deps.database.engine, "commit", commits.append)
    teller.add({"progress": {"epoch": 1}}, [message("one"), message("two")])
    teller.add({"progress": {"epoch": 2}}, [message("three")])
    teller.tell_if_due()
    assert (commits, teller.untold.kept) == ([], {"progress": {"epoch": 2}})
    teller.tell()
    teller.tell()
    assert len(commits) == 1
    assert messages_of(deps, teller) == ["one", "two", "three"]
    with deps.database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, teller.lease.row.id).progress == {"epoch": 2}


def test_what_has_waited_for_its_time_is_told(deps: Deps, teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    teller.add({}, [message("one")])
    monkeypatch.setattr(telling, "EVENT_SECONDS", 0.0)
    teller.tell_if_due()
    assert messages_of(deps, teller) == ["one"]


def test_what_is_told_at_once_comes_after_what_has_waited(deps: Deps, teller: Teller) -> None:
    teller.add({}, [message("one")])
    teller.tell_at_once({}, [message("two")])
    assert messages_of(deps, teller) == ["one", "two"]


def test_what_waits_is_told_before_a_failure_and_not_after_a_lost_lease(deps: Deps, teller: Teller) -> None:
    teller.add({}, [message("one")])
    with pytest.raises(WorkFailed), teller.telling():
        raise WorkFailed("diverged", "the loss is no longer finite")
    teller.add({}, [message("two")])
    with pytest.raises(LeaseLost), teller.telling():
        raise LeaseLost(teller.lease.row.id)
    assert messages_of(deps, teller) == ["one"]


def test_who_has_lost_the_lease_tells_nothing_any_more(deps: Deps, teller: Teller) -> None:
    with deps.database.write() as session:
        job = JobRow.id == teller.lease.row.id
        session.execute(update(JobRow).where(job).values(fence=JobRow.fence + 1))
    teller.add({}, [message("too late")])
    with pytest.raises(LeaseLost):
        teller.tell()
    assert messages_of(deps, teller) == []


@pytest.mark.parametrize(("age", "apart"), [(0.0, 0.2), (4.0, 0.2), (10.0, 0.5), (20.0, 1.0), (36_000.0, 1.0)])
def test_the_longer_a_run_goes_the_more_seldom_it_is_told_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, age: float, apart: float
) -> None:
    began = 100_000.0
    monkeypatch.setattr(time, "perf_counter", lambda: began + age)
    assert telling.is_time_again(began + age - apart * 1.001, began)
    assert not telling.is_time_again(began + age - apart * 0.999, began)
