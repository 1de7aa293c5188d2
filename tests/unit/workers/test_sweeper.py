"""What was forgotten is found: unsent work is sent, orphans are deleted, what is in use stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from sqlalchemy import update

from service.domain.access.owners import DEFAULT_OWNER
from service.errors import QueueUnavailable
from service.queue import INGEST, TRAIN
from service.store import jobs, work
from service.store.session import now
from service.store.tables import DatasetRow, JobRow
from service.wiring import Deps
from tests import samples
from workers.forgotten import Forgotten
from workers.ingest import run as ingest
from workers.sweeper import sweep

pytestmark = pytest.mark.usefixtures("empty_queues")


def sent_ago(deps: Deps, id: str, seconds: float) -> None:
    with deps.database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == id).values(sent_at=now() - timedelta(seconds=seconds)))


def test_work_that_was_never_sent_is_sent_once(deps: Deps) -> None:
    samples.job(deps)
    samples.dataset(deps, state="ingesting")
    samples.job(deps, state="running", lease_until=now() + timedelta(minutes=1))
    samples.dataset(deps)
    sweep(deps)
    assert (deps.queue.waiting(TRAIN), deps.queue.waiting(INGEST)) == (1, 1)
    sweep(deps)
    assert (deps.queue.waiting(TRAIN), deps.queue.waiting(INGEST)) == (1, 1)


def test_what_was_lost_is_sent_again_by_its_age_however_long_the_queue_is(
    make_deps: Callable[..., Deps], valkey_url: str
) -> None:
    deps = make_deps(resend_seconds=30.0)
    lost = {samples.job(deps).id for _ in range(20)}
    for id in lost:
        sent_ago(deps, id, 60)
    young = samples.job(deps).id
    kept = [samples.job(deps).id for _ in range(1100)]  # sent long ago too, and their messages still wait
    with deps.database.write() as session:
        work.mark_sent(session, JobRow, kept)
        moment = now() - timedelta(seconds=60)
        session.execute(update(JobRow).where(JobRow.id.in_(kept)).values(sent_at=moment))
    for id in kept:
        deps.queue.send(TRAIN, id)
    sent_ago(deps, young, 1)  # its message may be on its way
    sweep(deps)
    assert deps.queue.ids_waiting(TRAIN) == lost | set(kept)
    assert deps.queue.waiting(TRAIN) == len(lost) + len(kept)  # nothing twice
    sweep(deps)
    assert deps.queue.waiting(TRAIN) == len(lost) + len(kept)
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    sweep(deps)
    assert deps.queue.waiting(TRAIN) == 0  # they have just been sent, or seen


def test_a_sweeper_that_starts_sends_what_has_no_message_at_once(deps: Deps) -> None:
    """An embedded queue keeps nothing from one start to the next."""
    lost, kept = samples.job(deps).id, samples.job(deps).id
    for id in (lost, kept):
        sent_ago(deps, id, 1)
    deps.queue.send(TRAIN, kept)
    sweep(deps, 0.0)
    assert (deps.queue.ids_waiting(TRAIN), deps.queue.waiting(TRAIN)) == ({lost, kept}, 2)


def told(deps: Deps, id: str) -> list[str]:
    with deps.database.read() as session:
        return [event.data["text"] for event in jobs.events_after(session, id, 0, 100) if event.type == "message"]


def test_a_job_that_waits_says_once_that_nobody_serves_its_queue(deps: Deps) -> None:
    id, new = samples.job(deps).id, samples.job(deps).id
    sent_ago(deps, id, 20)
    sent_ago(deps, new, 1)
    deps.queue.announce(["train"])
    sweep(deps)
    assert told(deps, id) == []
    with redis.Redis.from_url(deps.settings.broker_url) as client:
        client.flushall()
    for _ in range(2):
        sweep(deps)
    assert [("no worker serves" in text) for text in told(deps, id)] == [True]
    assert told(deps, new) == []


def test_a_queue_that_is_away_loses_nothing(make_deps: Callable[..., Deps], deps: Deps) -> None:
    samples.job(deps)
    with pytest.raises(QueueUnavailable):
        sweep(make_deps(broker_url="unix:///nowhere/valkey.sock"))
    sweep(deps)
    assert deps.queue.waiting(TRAIN) == 1


def test_an_ingest_whose_worker_died_is_done_by_another(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(max_attempts=2)
    blob = deps.blobs.put(b"a,b\n1,x\n2,y\n")
    id = samples.dataset(deps, state="ingesting", sha256=blob.key, rows=None, table_key=None).id
    with deps.database.write() as session:
        work.claim(session, DatasetRow, id, -1)  # its lease has run out
    sweep(deps)
    ingest.run(deps, id)
    with deps.database.read() as session:
        row = session.get_one(DatasetRow, id)
    assert (row.state, row.rows, row.attempt, row.lease_until) == ("ready", 2, 2, None)


def test_a_lease_that_a_clock_put_back_has_made_long_holds_only_while_it_is_renewed(
    make_deps: Callable[..., Deps],
) -> None:
    """As if the clock had been put back by an hour while two jobs ran: of one the worker is dead."""
    deps = make_deps(lease_seconds=1.0)
    dead, alive = (samples.job(deps).id for _ in range(2))
    with deps.database.write() as session:
        claims = {id: work.claim(session, JobRow, id, 3600 + 1.0) for id in (dead, alive)}
    forgotten, looks = Forgotten(1.0), 0

    def state(id: str) -> str:
        with deps.database.read() as session:
            return jobs.get(session, DEFAULT_OWNER, id).state

    while state(dead) == "running":
        with deps.database.write() as session:  # with the clock as it is now
            assert work.renew(session, JobRow, alive, claims[alive].fence, 3600 + looks) == "running"
        sweep(deps, None, forgotten)
        looks += 1
    assert looks > 1  # it was seen twice at least
    assert (state(dead), state(alive)) == ("queued", "running")


def test_what_is_sent_again_goes_to_the_queue_of_its_lane(deps: Deps) -> None:
    samples.job(deps, lane="short")
    samples.job(deps, lane="long")
    samples.dataset(deps, state="ingesting", lane="short")
    sweep(deps)
    queues = (*TRAIN.queues, *INGEST.queues)
    assert {name: deps.queue.length(name) for name in queues} == {
        "train-short": 1, "train": 1, "ingest-short": 1, "ingest": 0,
    }  # fmt: skip


def test_a_file_that_kills_every_worker_fails_at_last(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(max_attempts=2)
    id = samples.dataset(deps, state="ingesting").id
    for _ in range(2):
        with deps.database.write() as session:
            assert work.claim(session, DatasetRow, id, -1) is not None
        sweep(deps)
    with deps.database.read() as session:
        row = session.get_one(DatasetRow, id)
    assert (row.state, row.lease_until) == ("failed", None)
    assert row.error is not None
    assert row.error["code"] == "worker_lost"
