"""Uploads: the same bytes and options are the same dataset; what failed may start anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.changes import Changes
from service.domain.access.owners import DEFAULT_OWNER
from service.errors import DatasetInUse, DatasetNotFound, IdempotencyKeyReused
from service.queue import INGEST, Queue
from service.store import datasets, work
from service.store.blobs.spool import Blob
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow
from service.usecases.upload import Uploaded, UploadedFile, delete, upload
from tests.contract.rows import add_job, at_once

BLOB = Blob("ab" * 32, 123)


@pytest.fixture
def queue(valkey_url: str) -> Queue:
    return Queue(valkey_url)


def send(
    database: Database, queue: Queue, blob: Blob = BLOB, name: str = "d", key: str | None = None, **options: Any
) -> Uploaded:
    return upload(
        database,
        queue,
        DEFAULT_OWNER,
        UploadedFile(blob, name, "text/csv", options),
        key,
        lambda row: {"id": row.id, "name": row.name},
    )


def end(database: Database, id: str, state: str, **values: Any) -> None:
    """As a worker ends an ingest."""
    with database.write() as session:
        row = work.claim(session, DatasetRow, id, 30)
        assert row is not None
        assert work.write(session, DatasetRow, id, row.fence, state=state, lease_until=None, **values)


def test_an_upload_waits_to_be_ingested_and_a_worker_is_woken(database: Database, queue: Queue) -> None:
    before = queue.waiting(INGEST)
    uploaded = send(database, queue, delimiter=";")
    assert uploaded.is_new
    assert queue.waiting(INGEST) == before + 1
    with database.read() as session:
        row = datasets.get(session, DEFAULT_OWNER, uploaded.dataset_id)
    assert (row.state, row.sha256, row.bytes, row.options) == ("ingesting", BLOB.key, 123, {"delimiter": ";"})


def test_the_same_bytes_and_options_are_the_same_dataset(database: Database, queue: Queue) -> None:
    first = send(database, queue, delimiter=";")
    before = queue.waiting(INGEST)
    again = send(database, queue, name="another name", delimiter=";")
    assert (again.dataset_id, again.is_new) == (first.dataset_id, False)
    assert queue.waiting(INGEST) == before
    others = [send(database, queue, delimiter=","), send(database, queue), send(database, queue, Blob("cd" * 32, 5))]
    assert len({first.dataset_id, *(other.dataset_id for other in others)}) == 4
    assert all(other.is_new for other in others)


def test_uploads_of_the_same_bytes_at_the_same_moment_are_one_dataset(database: Database, queue: Queue) -> None:
    for number in range(3):
        blob = Blob(f"{number}" * 64, 1)
        found = at_once(6, lambda _, blob=blob: send(database, queue, blob))
        assert len({one.dataset_id for one in found}) == 1
        assert sum(one.is_new for one in found) == 1


def test_a_failed_dataset_starts_anew_under_its_id(database: Database, queue: Queue) -> None:
    id = send(database, queue).dataset_id
    end(database, id, "failed", error={"code": "storage_full", "detail": "…"})
    again = send(database, queue)
    assert (again.dataset_id, again.is_new) == (id, True)
    with database.read() as session:
        row = datasets.get(session, DEFAULT_OWNER, id)
    assert (row.state, row.error, row.attempt) == ("ingesting", None, 0)
    end(database, id, "ready", rows=1)
    assert not send(database, queue).is_new


def test_a_worker_of_the_failed_attempt_cannot_write_into_the_new_one(database: Database, queue: Queue) -> None:
    id = send(database, queue).dataset_id
    with database.write() as session:
        row = work.claim(session, DatasetRow, id, 30)
        assert row is not None
        work.write(session, DatasetRow, id, row.fence, state="failed", lease_until=None)
    send(database, queue)
    with database.write() as session:
        assert not work.write(session, DatasetRow, id, row.fence, state="ready")


def test_a_repeated_key_is_told_what_it_was_told_first(database: Database, queue: Queue) -> None:
    first = send(database, queue, key="k")
    end(database, first.dataset_id, "ready", rows=1)
    assert send(database, queue, key="k") == first
    assert not send(database, queue, key="other").is_new
    with pytest.raises(IdempotencyKeyReused):
        send(database, queue, Blob("cd" * 32, 5), key="k")
    assert (
        len({one.dataset_id for one in at_once(4, lambda _: send(database, queue, Blob("ef" * 32, 5), key="j"))}) == 1
    )


def test_a_dataset_that_an_unfinished_job_needs_stays(database: Database, queue: Queue, valkey_url: str) -> None:
    changes = Changes(valkey_url)
    id = send(database, queue).dataset_id
    for state in ("succeeded", "failed", "cancelled"):
        add_job(database, dataset_id=id, state=state)
    running = add_job(database, dataset_id=id, state="running", lease_until=now() + timedelta(minutes=1))
    with pytest.raises(DatasetInUse, match="1 unfinished"):
        delete(database, changes, DEFAULT_OWNER, id)
    with database.write() as session:
        work.write(session, JobRow, running, 0, state="succeeded")
    delete(database, changes, DEFAULT_OWNER, id)
    with pytest.raises(DatasetNotFound):
        delete(database, changes, DEFAULT_OWNER, id)
    assert send(database, queue).is_new  # the same bytes may come again
    changes.close()


def test_a_dataset_that_validates_an_unfinished_job_stays(database: Database, queue: Queue, valkey_url: str) -> None:
    changes = Changes(valkey_url)
    id = send(database, queue).dataset_id
    spec = {"split": {"validation": 0.0, "validation_dataset": id}}
    add_job(database, spec={"split": {"validation": 0.2, "validation_dataset": None}})
    running = add_job(database, spec=spec, state="running", lease_until=now() + timedelta(minutes=1))
    with pytest.raises(DatasetInUse, match="1 unfinished"):
        delete(database, changes, DEFAULT_OWNER, id)
    with database.write() as session:
        work.write(session, JobRow, running, 0, state="succeeded")
    delete(database, changes, DEFAULT_OWNER, id)
    changes.close()


def test_a_dataset_of_which_something_is_damaged_is_read_anew(database: Database, queue: Queue) -> None:
    id = send(database, queue).dataset_id
    end(database, id, "ready", rows=3)
    render: Any = lambda row: {"state": row.state}  # noqa: E731
    for is_whole, state in ((True, "ready"), (False, "ingesting")):
        again = upload(
            database,
            queue,
            DEFAULT_OWNER,
            UploadedFile(BLOB, "d", "text/csv", {}),
            None,
            render,
            lambda _, whole=is_whole: whole,
        )
        assert (again.dataset_id, again.is_new, again.answer["state"]) == (id, not is_whole, state)
    with database.read() as session:
        assert datasets.get(session, DEFAULT_OWNER, id).state == "ingesting"
