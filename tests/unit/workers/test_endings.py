"""Which errors end work, and as what: the same for jobs of every kind and for ingest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from duckdb import OutOfMemoryException
from sqlalchemy import update

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.cells.columns import CellInvalid
from service.errors import (
    DatabaseUnavailable,
    DatasetNotFound,
    StorageDamaged,
    StorageFull,
    WorkFailed,
)
from service.store.session import Database
from service.store.tables import DatasetRow, JobRow
from service.store.work import AnyWork
from service.usecases.cancel import cancel
from service.wiring import Deps
from tests import samples
from workers.endings import CODES, Ending, ends_recorded
from workers.ingest.run import DatasetEnding
from workers.jobs.endings import JobEnding
from workers.lease import Cancelled, LeaseLost, WorkerStopping, claimed

TOLD = [
    (WorkFailed("diverged", "the loss is no longer finite"), "diverged", "the loss is no longer finite"),
    (CellInvalid(3, "a", "row 4 has no number"), "missing_values", "row 4 has no number"),
    (DatasetNotFound("there is no dataset ds_1"), "dataset_not_found", "there is no dataset ds_1"),
    (StorageDamaged("ab12"), "storage_damaged", "blob ab12"),
    (StorageFull("the disk is full"), "storage_full", "the disk is full"),
    (MemoryError(), "out_of_memory", "the work needs more memory than is available"),
    (
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
        "out_of_memory",
        "more memory",
    ),
    (OutOfMemoryException("of DuckDB"), "out_of_memory", "the work needs more memory than is available"),
    (
        PermissionError(1, "Operation not permitted", "/bin/true"),
        "not_permitted",
        "the work was refused what it asked the system for ([Errno 1] Operation not permitted: '/bin/true')",
    ),
    (ZeroDivisionError("a secret"), "internal", "(ZeroDivisionError)"),
]


def end_of_a_job(deps: Deps, error: Exception) -> JobRow:
    id = samples.job(deps).id
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        with ends_recorded(lease, "the work", JobEnding(deps, lease)):
            raise error
    return row_of(deps.database, JobRow, id)


def end_of_an_ingest(deps: Deps, error: Exception) -> DatasetRow:
    id = samples.dataset(deps, state="ingesting").id
    with claimed(deps, DatasetRow, id) as lease:
        assert lease is not None
        with ends_recorded(lease, "the work", DatasetEnding(lease)):
            raise error
    return row_of(deps.database, DatasetRow, id)


def row_of(database: Database, table: type[AnyWork], id: str) -> AnyWork:
    with database.read() as session:
        return session.get_one(table, id)


ENDS: list[Callable[[Deps, Exception], JobRow | DatasetRow]] = [end_of_a_job, end_of_an_ingest]


def test_every_error_of_the_table_is_tried_here() -> None:
    others = {ZeroDivisionError, RuntimeError, OutOfMemoryException}
    assert {type(error) for error, _, _ in TOLD} - others == set(CODES)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("error", "code", "detail"), TOLD, ids=[code for _, code, _ in TOLD])
def test_work_that_fails_has_the_code_and_the_detail_of_its_error(
    deps: Deps, end: Callable[[Deps, Exception], JobRow | DatasetRow], error: Exception, code: str, detail: str
) -> None:
    row = end(deps, error)
    assert (row.state, row.lease_until) == ("failed", None)
    assert row.error is not None
    assert row.error["code"] == code
    assert detail in row.error["detail"]
    assert "secret" not in row.error["detail"]


def test_a_worker_that_stops_gives_its_work_back_at_no_cost(deps: Deps) -> None:
    job, dataset = end_of_a_job(deps, WorkerStopping()), end_of_an_ingest(deps, WorkerStopping())
    assert (job.state, job.attempt, job.lease_until) == ("queued", 0, None)
    assert (dataset.state, dataset.attempt, dataset.lease_until) == ("ingesting", 0, None)


@pytest.mark.parametrize(("end", "state"), [(end_of_a_job, "running"), (end_of_an_ingest, "ingesting")])
def test_what_a_part_that_is_away_interrupts_is_left_to_its_lease(
    deps: Deps, end: Callable[[Deps, Exception], JobRow | DatasetRow], state: str
) -> None:
    row = end(deps, DatabaseUnavailable("the database does not answer"))
    assert (row.state, row.attempt, row.error) == (state, 1, None)
    assert row.lease_until is not None


def test_a_job_that_its_user_cancels_is_cancelled(deps: Deps) -> None:
    id = samples.job(deps).id
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        with ends_recorded(lease, "the work", JobEnding(deps, lease)):
            cancel(deps.database, deps.changes, DEFAULT_OWNER, id)
            raise Cancelled(id)
    assert row_of(deps.database, JobRow, id).state == "cancelled"


@pytest.mark.parametrize("table", [JobRow, DatasetRow])
def test_who_has_lost_the_lease_ends_nothing(deps: Deps, table: type[JobRow] | type[DatasetRow]) -> None:
    id = samples.job(deps).id if table is JobRow else samples.dataset(deps, state="ingesting").id
    state = "running" if table is JobRow else "ingesting"
    with claimed(deps, table, id) as lease:
        assert lease is not None
        ending: Ending = JobEnding(deps, lease) if isinstance(lease.row, JobRow) else DatasetEnding(lease)
        with ends_recorded(lease, "the work", ending):
            with deps.database.write() as session:
                session.execute(update(table).where(table.id == id).values(fence=table.fence + 1))
            raise WorkFailed("diverged", "too late")
    row = row_of(deps.database, table, id)
    assert (row.state, row.error) == (state, None)


def test_a_lost_lease_is_no_failure(deps: Deps) -> None:
    row = end_of_a_job(deps, LeaseLost("job_1"))
    assert (row.state, row.error) == ("running", None)
