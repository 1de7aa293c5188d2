"""What a job costs the database besides its training: the page on growth and `make bench-fleet` go by it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.jobs.lanes import LONG
from service.store import jobs
from service.store.tables import JobRow
from service.wiring import Deps
from tests.benchmarks.fleet_worker import end_next

CLAIM = ["WITH", "SELECT", "INSERT"]  # whose turn it is, its owner's limits, the event
END = ["UPDATE", "INSERT", "SELECT"]  # the state, the event, whom webhooks tell


def listened(deps: Deps) -> list[str]:
    """From now on, the first word of each statement, and BEGIN where a transaction begins."""
    said: list[str] = []
    event.listen(deps.database.engine, "begin", lambda _: said.append("BEGIN"))
    event.listen(deps.database.engine, "before_cursor_execute", lambda *told: said.append(told[2].split()[0]))
    return said


def test_job_that_is_claimed_and_ended_costs_six_statements_in_two_transactions(
    make_deps: Callable[..., Deps],
) -> None:
    deps = make_deps(heartbeat_seconds=1000.0)
    with deps.database.write() as session:
        id = jobs.add(session, DEFAULT_OWNER, kind="train", spec={}, dataset_id="ds_1", model_name="m").id
    said = listened(deps)
    end_next(deps, id, LONG)
    assert said == ["BEGIN", *CLAIM, "BEGIN", *END]
    with deps.database.read() as session:
        assert session.get_one(JobRow, id).state == "succeeded"


def test_message_without_a_job_costs_little(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps()
    said = listened(deps)
    end_next(deps, "job_none", LONG)
    assert said == ["BEGIN", "WITH", "SELECT"]
