"""What was made from a dataset keeps it, until somebody insists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.changes import Changes
from service.domain.access.owners import DEFAULT_OWNER
from service.domain.resolving.limits import Limits
from service.errors import DatasetInUse, DatasetNotFound, SpecInvalid
from service.queue import Queue
from service.store import datasets, jobs, models
from service.store.session import Database, new_id
from service.usecases.submit import submit
from service.usecases.upload import delete
from tests.contract.rows import add_job, add_ready_dataset, at_once

LIMITS = Limits(max_parameters=1000, max_classes=100, max_categories=50)


@pytest.fixture
def queue(valkey_url: str) -> Queue:
    return Queue(valkey_url)


@pytest.fixture
def changes(valkey_url: str, tmp_path: Path) -> Changes:
    return Changes(valkey_url)


def publish(database: Database, dataset: str, name: str = "m", **values: Any) -> int:
    with database.write() as session:
        return models.publish(
            session,
            DEFAULT_OWNER,
            name,
            job_id=new_id("job"),
            dataset_id=dataset,
            task="regression",
            target="y",
            features=[],
            metrics={},
            files={},
            **values,
        ).version


def refused(database: Database, changes: Changes, id: str) -> DatasetInUse:
    with pytest.raises(DatasetInUse) as raised:
        delete(database, changes, DEFAULT_OWNER, id)
    with database.read() as session:
        assert datasets.get(session, DEFAULT_OWNER, id).id == id
    return raised.value


def is_gone(database: Database, id: str) -> bool:
    with database.read() as session:
        try:
            datasets.get(session, DEFAULT_OWNER, id)
        except DatasetNotFound:
            return True
    return False


def test_nothing_else_keeps_a_dataset(database: Database, changes: Changes) -> None:
    id, other = add_ready_dataset(database), add_ready_dataset(database)
    add_job(database, dataset_id=id, state="succeeded")
    add_job(database, dataset_id=id, state="failed")
    add_job(database, dataset_id=other)
    publish(database, other)
    delete(database, changes, DEFAULT_OWNER, id)
    assert is_gone(database, id)


@pytest.mark.parametrize("state", ["queued", "running", "cancelling"])
def test_an_unfinished_job_keeps_its_dataset(database: Database, changes: Changes, state: str) -> None:
    id = add_ready_dataset(database)
    job = add_job(database, dataset_id=id, state=state)
    error = refused(database, changes, id)
    assert list(error.references) == [{"type": "job", "id": job, "kind": "train", "state": state}]
    assert "?force=true" in error.detail
    assert "1 unfinished job" in error.detail
    assert "version" not in error.detail.split("?force")[0]


def test_a_version_keeps_its_dataset_and_the_one_that_judged_it(database: Database, changes: Changes) -> None:
    trained, judged = add_ready_dataset(database), add_ready_dataset(database)
    publish(database, trained, "houses", spec={"split": {"validation_dataset": judged}})
    for id in (trained, judged):
        error = refused(database, changes, id)
        assert list(error.references) == [{"type": "version", "model": "houses", "version": 1}]
        assert "1 version" in error.detail
        assert "job" not in error.detail


def test_a_job_keeps_the_dataset_that_will_judge_it(database: Database, changes: Changes) -> None:
    id = add_ready_dataset(database)
    job = add_job(database, spec={"split": {"validation_dataset": id}})
    assert [reference["id"] for reference in refused(database, changes, id).references] == [job]


def test_references_are_told_in_part_and_counted_in_full(database: Database, changes: Changes) -> None:
    id = add_ready_dataset(database)
    for _ in range(25):
        add_job(database, dataset_id=id)
        publish(database, id)
    error = refused(database, changes, id)
    assert [reference["type"] for reference in error.references] == ["job"] * 20 + ["version"] * 20
    assert error.references[20] == {"type": "version", "model": "m", "version": 25}
    assert "25 unfinished job(s)" in error.detail
    assert "25 version(s)" in error.detail


def test_whoever_insists_deletes_it_all_the_same(database: Database, changes: Changes) -> None:
    id = add_ready_dataset(database)
    job = add_job(database, dataset_id=id)
    publish(database, id)
    delete(database, changes, DEFAULT_OWNER, id, force=True)
    assert is_gone(database, id)
    with database.read() as session:
        assert models.resolve(session, DEFAULT_OWNER, "m").dataset_id == id
        assert jobs.get(session, DEFAULT_OWNER, job).state == "queued"


def test_a_text_that_postgresql_cannot_look_into_is_no_obstacle(database: Database, changes: Changes) -> None:
    id = add_ready_dataset(database)
    add_job(database, spec={"metadata": {"a": "\0"}})
    delete(database, changes, DEFAULT_OWNER, id)
    assert is_gone(database, id)


def test_a_job_is_never_queued_for_a_dataset_that_is_gone(database: Database, queue: Queue, changes: Changes) -> None:
    """Submitted and deleted at the same moment: one of the two is told that it cannot be."""
    ends = set()
    for _ in range(12):
        id = add_ready_dataset(database)

        def act(number: int, id: str = id) -> str:
            try:
                if number:
                    body = {"dataset": id, "model": "m", "target": "y"}
                    submit(database, queue, DEFAULT_OWNER, LIMITS, body, None, lambda job: {"id": job.id})
                else:
                    delete(database, changes, DEFAULT_OWNER, id)
            except (DatasetInUse, SpecInvalid):
                return "refused"
            return "done"

        deleted, submitted = at_once(2, act)
        assert {deleted, submitted} == {"done", "refused"}
        assert is_gone(database, id) is (deleted == "done")
        ends.add(deleted)
    assert ends <= {"done", "refused"}
