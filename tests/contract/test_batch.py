"""Starting batch predictions: one request is one job, of the version that the reference meant at that moment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from service.domain.access.owners import DEFAULT_OWNER
from service.errors import DatasetNotReady, IdempotencyKeyReused, SpecInvalid
from service.queue import TRAIN, Queue
from service.store import datasets, jobs, models, work
from service.store.blobs.in_use import CHECKPOINT, RESULT, blobs_in_use
from service.store.session import Database, new_id
from service.store.tables import JobRow
from service.usecases.batch import submit_batch
from service.usecases.promote import promote
from service.usecases.start import Submitted
from tests.contract.rows import add_dataset, add_job, add_ready_dataset, at_once


@pytest.fixture
def queue(valkey_url: str) -> Queue:
    return Queue(valkey_url)


def publish(database: Database, kind: str = "numeric") -> None:
    with database.write() as session:
        models.publish(
            session, DEFAULT_OWNER, "m", job_id=new_id("job"), dataset_id="ds_1", task="regression", target="y",
            features=[{"name": "x", "kind": kind}], metrics={}, files={},
        )  # fmt: skip


def send(database: Database, queue: Queue, body: dict[str, Any], key: str | None = None) -> Submitted:
    return submit_batch(
        database, queue, DEFAULT_OWNER, body, key, lambda job: {"id": job.id, "model": job.spec["model"]}
    )


def test_the_version_is_the_one_that_the_reference_meant_then(database: Database, queue: Queue) -> None:
    publish(database)
    publish(database)
    promote(database, DEFAULT_OWNER, "m", "live", 1, None)
    dataset = add_ready_dataset(database)
    before = queue.waiting(TRAIN)
    sent = [send(database, queue, {"model": ref, "dataset": dataset}) for ref in ("m@live", "m", "m:1")]
    assert queue.waiting(TRAIN) == before + 3
    promote(database, DEFAULT_OWNER, "m", "live", 2, None)
    with database.read() as session:
        kept = [jobs.get(session, DEFAULT_OWNER, submitted.job_id) for submitted in sent]
        assert [job.spec["model"] for job in kept] == ["m:1", "m:2", "m:1"]
        assert [(job.kind, job.model_name, job.model_version, job.dataset_id) for job in kept] == [
            ("predict", "m", number, dataset) for number in (1, 2, 1)
        ]
        assert datasets.references(session, dataset).n_jobs == 3
        assert [event.data for event in jobs.events_after(session, kept[0].id, 0, 9)] == [{"state": "queued"}]


def test_requests_with_one_key_at_the_same_moment_are_one_job(database: Database, queue: Queue) -> None:
    publish(database)
    body = {"model": "m", "dataset": add_ready_dataset(database)}
    answers = at_once(8, lambda _: send(database, queue, body, "k").answer())
    assert answers == [answers[0]] * 8
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 1
    with pytest.raises(IdempotencyKeyReused):
        send(database, queue, {**body, "format": "parquet"}, "k")


def test_what_does_not_fit_is_kept_nowhere(database: Database, queue: Queue) -> None:
    publish(database, "datetime")
    with pytest.raises(SpecInvalid):
        send(database, queue, {"model": "m", "dataset": add_ready_dataset(database)})
    with pytest.raises(DatasetNotReady):
        send(database, queue, {"model": "m", "dataset": add_dataset(database)})
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 0


def test_a_queue_that_is_away_costs_no_job(database: Database) -> None:
    publish(database)
    body = {"model": "m", "dataset": add_ready_dataset(database)}
    submitted = send(database, Queue("unix:///nowhere/valkey.sock"), body)
    with database.read() as session:
        assert list(work.never_sent(session, JobRow)) == [submitted.job_id]


def test_parts_and_results_are_in_use_as_checkpoints_are(database: Database) -> None:
    add_job(database, checkpoint_key="checkpoint", result={"metrics": {}})
    add_job(database, kind="predict", state="running", result={"parts": [{"key": "part 1"}, {"key": "part 2"}]})
    done = add_job(database, kind="predict", state="running", result={"parts": [{"key": "part 3"}]})
    ended = add_job(database, kind="predict", state="running", result={"parts": [{"key": "part 4"}]})
    with database.write() as session:
        jobs.move(session, done, "succeeded", result={"sha256": "whole", "bytes": 1})
        jobs.move(session, ended, "failed", error={"code": "c", "detail": "d"}, **jobs.NOTHING_KEPT)
    with database.read() as session:
        kinds = {"checkpoint": CHECKPOINT, "part 1": RESULT, "part 2": RESULT, "whole": RESULT}
        assert blobs_in_use(session) == kinds
        assert jobs.get(session, DEFAULT_OWNER, ended).result is None
