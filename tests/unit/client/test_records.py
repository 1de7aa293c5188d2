"""Records of what the server says, whatever a newer or older one says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import service.client
from service.client import Dataset, Job, JobFailed, Version


def test_what_is_not_known_is_kept_beside() -> None:
    answer = {"id": "job_1", "state": "running", "is_terminal": False, "colour": "blue"}
    job = Job.of(answer)
    assert job.id == "job_1"
    assert job.json == answer


def test_what_is_not_said_has_a_default() -> None:
    dataset = Dataset.of({"id": "ds_1"})
    assert (dataset.state, dataset.rows, dataset.columns, dataset.error) == ("ingesting", None, (), None)
    assert Dataset.of({"id": "ds_1", "columns": None}).columns == ()


def test_times_are_aware() -> None:
    job = Job.of({"id": "job_1", "created_at": "2026-01-31T12:00:00.500Z", "started_at": None})
    assert job.created_at == datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
    assert job.started_at is None


def test_columns_are_records_too() -> None:
    dataset = Dataset.of({"id": "ds_1", "columns": [{"name": "rooms", "kind": "numeric", "nulls": 2, "mean": 3.5}]})
    (column,) = dataset.columns
    assert (column.name, column.kind, column.nulls, column.json["mean"]) == ("rooms", "numeric", 2, 3.5)


def test_a_version_says_how_it_is_named_in_a_prediction() -> None:
    assert Version.of({"model": "house-price", "version": 3}).ref == "house-price:3"


def test_a_record_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Job.of({"id": "job_1"}).state = "succeeded"  # type: ignore[misc]


def test_a_failure_says_why_and_keeps_the_job() -> None:
    job = Job.of({"id": "job_1", "state": "failed", "error": {"code": "diverged", "detail": "too fast"}})
    failure = JobFailed(job)
    assert (failure.code, str(failure), failure.job) == ("diverged", "too fast", job)


def test_everything_exported_is_there_and_sorted() -> None:
    assert service.client.__all__ == sorted(service.client.__all__)
    assert all(hasattr(service.client, name) for name in service.client.__all__)
