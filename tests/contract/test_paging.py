"""Lists: newest first, page by page, without duplicates or gaps while rows come and go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.store import datasets, jobs, models
from service.store.paging import Page
from service.store.session import Database, new_id
from tests.contract.rows import add_dataset, add_job


def pages(database: Database, listing: Callable[..., Page[object]], limit: int, between: Callable[[], object]) -> list[
    list[object]
]:  # fmt: skip
    """All pages, with `between` called after each."""
    found: list[list[object]] = []
    after = None
    while True:
        with database.read() as session:
            page = listing(session, limit, after)
        found.append(list(page.data))
        between()
        if page.next is None:
            return found
        after = page.next


def all_jobs(session: object, limit: int, after: str | None) -> Page[object]:
    return jobs.listing(session, DEFAULT_OWNER, limit, after, None, None, None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(("rows", "sizes"), [(0, [0]), (3, [3]), (4, [4]), (5, [4, 1]), (8, [4, 4]), (9, [4, 4, 1])])
def test_pages_are_full_but_for_the_last(database: Database, rows: int, sizes: list[int]) -> None:
    ids = [add_job(database) for _ in range(rows)]
    found = pages(database, all_jobs, 4, lambda: None)
    assert [len(page) for page in found] == sizes
    assert [row.id for page in found for row in page] == sorted(ids, reverse=True)


def test_rows_that_come_while_one_reads_neither_repeat_nor_hide_others(database: Database) -> None:
    ids = [add_job(database, id=f"job_{number:03}") for number in range(20)]
    newer = iter(range(100, 200))
    found = pages(database, all_jobs, 3, lambda: add_job(database, id=f"job_{next(newer):03}"))
    assert [row.id for page in found for row in page] == ids[::-1]


def test_a_row_that_goes_while_one_reads_hides_no_other(database: Database) -> None:
    ids = [add_dataset(database) for _ in range(6)]
    with database.read() as session:
        first = datasets.listing(session, DEFAULT_OWNER, 2, None)
    with database.write() as session:
        session.delete(datasets.get(session, DEFAULT_OWNER, first.data[-1].id))
    with database.read() as session:
        second = datasets.listing(session, DEFAULT_OWNER, 10, first.next)
    assert [row.id for row in second.data] == sorted(ids)[:4][::-1]


def test_jobs_are_found_by_state_kind_and_model(database: Database) -> None:
    wanted = add_job(database, state="failed", model_name="m1")
    add_job(database, state="failed", model_name="m2")
    add_job(database, state="queued", model_name="m1")
    add_job(database, state="failed", model_name="m1", kind="predict")
    with database.read() as session:
        assert [row.id for row in jobs.listing(session, DEFAULT_OWNER, 9, None, "failed", "train", "m1").data] == [
            wanted
        ]
        assert len(jobs.listing(session, DEFAULT_OWNER, 9, None, "failed", None, None).data) == 3
        assert jobs.listing(session, DEFAULT_OWNER, 9, None, "running", None, None).data == []


def test_versions_are_listed_by_number_not_by_its_digits(database: Database) -> None:
    for _ in range(11):
        with database.write() as session:
            models.publish(
                session,
                DEFAULT_OWNER,
                "m",
                job_id=new_id("job"),
                dataset_id="d",
                task="regression",
                target="y",
                features=[],
                metrics={},
                files={},
            )
    with database.read() as session:
        first = models.versions(session, DEFAULT_OWNER, "m", 4, None)
        assert [row.version for row in first.data] == [11, 10, 9, 8]
        assert first.next is not None
        second = models.versions(session, DEFAULT_OWNER, "m", 100, int(first.next))
    assert [row.version for row in second.data] == [7, 6, 5, 4, 3, 2, 1]
    assert second.next is None
