"""A rehearsal runs whole jobs and leaves nothing behind."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.store.tables import Row
from service.wiring import Deps
from tests import samples
from workers.jobs.rehearse import rehearse
from workers.jobs.warm import rehearsed


def test_both_jobs_succeed_and_nothing_of_them_is_kept(
    deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert rehearse(deps) == ["succeeded", "succeeded"]
    assert list((tmp_path / "temporary").iterdir()) == []
    assert list(deps.blobs.keys(0)) == []
    with deps.database.read() as session:
        there = ("registry", "owners")  # which always have rows
        tables = [table for table in Row.metadata.sorted_tables if table.name not in there]
        counts = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert set(counts) == {0}
    assert caplog.records == []
    assert logging.root.manager.disable == logging.NOTSET


def test_without_a_disk_for_it_the_reason_is_raised(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(FileNotFoundError):
        rehearse(deps)
    assert logging.root.manager.disable == logging.NOTSET


def test_where_a_job_waits_that_is_the_rehearsal(deps: Deps) -> None:
    assert rehearsed(deps) == ["succeeded", "succeeded"]
    samples.job(deps)
    assert rehearsed(deps) == []
