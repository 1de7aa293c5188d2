"""Submitting: one request is one job, however often and however fast it is made."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.resolving.limits import Limits
from service.errors import DatasetNotReady, IdempotencyKeyReused, SpecInvalid
from service.queue import TRAIN, Queue
from service.store import answers, jobs, work
from service.store.session import Database
from service.store.tables import AnswerRow, JobRow
from service.usecases.submit import Submitted, submit
from tests.contract.rows import COLUMNS, add_dataset, add_ready_dataset, at_once

LIMITS = Limits(max_parameters=1000, max_classes=100, max_categories=50)


@pytest.fixture
def queue(valkey_url: str) -> Queue:
    return Queue(valkey_url)


def send(database: Database, queue: Queue, body: dict[str, Any], key: str | None = None) -> Submitted:
    return submit(database, queue, DEFAULT_OWNER, LIMITS, body, key, lambda job: {"id": job.id, "state": job.state})


def count(database: Database, table: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_job_is_kept_with_its_resolved_spec_and_a_worker_is_woken(database: Database, queue: Queue) -> None:
    dataset = add_ready_dataset(database)
    before = queue.waiting(TRAIN)
    submitted = send(database, queue, {"dataset": dataset, "model": "m", "target": "y"})
    assert queue.waiting(TRAIN) == before + 1
    with database.read() as session:
        job = jobs.get(session, DEFAULT_OWNER, submitted.job_id)
        events = jobs.events_after(session, job.id, 0, 50)
        assert work.never_sent(session, JobRow) == []
    assert (job.state, job.attempt, job.spec["task"], job.spec["features"]) == ("queued", 0, "regression", ["x"])
    assert events[0].data == {"state": "queued"}
    assert {event.type for event in events[1:]} == {"message"}
    assert submitted.answer() == {"id": job.id, "state": "queued"}


def test_a_job_is_kept_and_counted_as_sent_by_one_commit(database: Database, queue: Queue) -> None:
    dataset = add_ready_dataset(database)
    commits: list[object] = []
    note = commits.append
    sql_event.listen(database.engine, "commit", note)
    send(database, queue, {"dataset": dataset, "model": "m", "target": "y"})
    sql_event.remove(database.engine, "commit", note)
    assert len(commits) == 1


def test_a_queue_that_is_away_costs_no_job(database: Database) -> None:
    dataset = add_ready_dataset(database)
    away = Queue("unix:///nowhere/valkey.sock")
    submitted = send(database, away, {"dataset": dataset, "model": "m", "target": "y"})
    with database.read() as session:
        assert list(work.never_sent(session, JobRow)) == [submitted.job_id]


def test_the_same_key_and_body_get_the_first_answer(database: Database, queue: Queue) -> None:
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    first = send(database, queue, body, "k")
    with database.write() as session:
        jobs.move(session, first.job_id, "running")  # the answer is the first one, not how things stand now
    before = queue.waiting(TRAIN)
    again = send(database, queue, dict(reversed(body.items())), "k")
    assert (again.job_id, again.answer()) == (first.job_id, first.answer())
    assert count(database, JobRow) == 1
    assert queue.waiting(TRAIN) == before


def test_a_key_with_another_body_is_refused(database: Database, queue: Queue) -> None:
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    send(database, queue, body, "k")
    with pytest.raises(IdempotencyKeyReused):
        send(database, queue, {**body, "epochs": 5}, "k")
    assert send(database, queue, {**body, "epochs": 5}, "other").job_id
    assert count(database, JobRow) == 2


def test_without_a_key_each_request_is_a_job(database: Database, queue: Queue) -> None:
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    assert send(database, queue, body).job_id != send(database, queue, body).job_id


def test_a_key_used_by_several_at_the_same_moment_makes_one_job(database: Database, queue: Queue) -> None:
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    for round in range(3):
        key = f"k{round}"
        assert len({answer.job_id for answer in at_once(6, lambda _, key=key: send(database, queue, body, key))}) == 1
    assert count(database, JobRow) == 3


def test_a_refused_request_does_not_use_up_its_key(database: Database, queue: Queue) -> None:
    dataset = add_ready_dataset(database)
    with pytest.raises(SpecInvalid):
        send(database, queue, {"dataset": dataset, "model": "m", "target": "nowhere"}, "k")
    assert count(database, AnswerRow) == 0
    assert send(database, queue, {"dataset": dataset, "model": "m", "target": "y"}, "k").job_id


def test_a_key_is_forgotten_after_its_time(database: Database, queue: Queue) -> None:
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    first = send(database, queue, body, "k")
    with database.write() as session:
        answers.forget(session, 3600)
    assert send(database, queue, body, "k") == first
    with database.write() as session:
        answers.forget(session, 0)
    assert send(database, queue, body, "k").job_id != first.job_id


@pytest.mark.parametrize(
    ("state", "error"), [("ingesting", DatasetNotReady), ("failed", SpecInvalid), (None, SpecInvalid)]
)
def test_a_dataset_that_is_not_ready_is_named(
    database: Database, queue: Queue, state: str | None, error: type[Exception]
) -> None:
    failure = {"code": "no_rows", "detail": "it is empty"}
    dataset = add_dataset(database, state=state, error=failure) if state else "ds_nowhere"
    with pytest.raises(error, match="it is empty" if state == "failed" else dataset) as raised:
        send(database, queue, {"dataset": dataset, "model": "m", "target": "y"})
    if isinstance(raised.value, SpecInvalid):
        assert [place.pointer for place in raised.value.errors] == ["/dataset"]
    assert count(database, JobRow) == 0


def test_rows_of_another_dataset_validate_when_they_have_the_same_columns(database: Database, queue: Queue) -> None:
    trained, other = add_ready_dataset(database), add_dataset(database, state="ready", sha256="1" * 64, rows=7,
                                                              columns=COLUMNS)  # fmt: skip
    body = {"dataset": trained, "model": "m", "target": "y", "split": {"validation_dataset": other}}
    id = send(database, queue, body).job_id
    parts = {"validation": 0, "test": 0, "validation_dataset": other, "order_by": None}
    with database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).spec["split"] == parts


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"columns": COLUMNS[1:]}, "no column 'x'"),
        ({"columns": [{**COLUMNS[0], "kind": "categorical"}, COLUMNS[1]]}, r'categorical in .*{"x": "numeric"}'),
        ({"columns": [COLUMNS[0], {**COLUMNS[1], "nulls": 9}], "rows": 9}, "missing in every row"),
        ({"sha256": "0" * 64}, "same bytes"),
        ({"state": "failed", "error": {"code": "no_rows", "detail": "it is empty"}}, "it is empty"),
        (None, "ds_nowhere"),
    ],
)
def test_a_dataset_that_cannot_validate_is_pointed_at(
    database: Database, queue: Queue, changes: dict[str, Any] | None, says: str
) -> None:
    values = {"state": "ready", "sha256": "1" * 64, "rows": 9, "columns": COLUMNS}
    other = "ds_nowhere" if changes is None else add_dataset(database, **{**values, **changes})
    body = {"dataset": add_ready_dataset(database), "model": "m", "target": "y"}
    with pytest.raises(SpecInvalid, match=says) as raised:
        send(database, queue, {**body, "split": {"validation_dataset": other}})
    assert {place.pointer for place in raised.value.errors} == {"/split/validation_dataset"}
    assert count(database, JobRow) == 0
