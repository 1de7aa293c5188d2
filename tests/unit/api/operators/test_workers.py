"""Who works, on what, since when; and who no longer says so."""

from __future__ import annotations

from datetime import UTC, datetime

from flask.testing import FlaskClient

from service.queue import Announced
from service.store import work
from service.store.tables import DatasetRow, JobRow
from service.wiring import Deps
from tests import samples


def test_workers_are_listed_with_what_they_do_and_lost_ones_while_they_hold_something(
    client: FlaskClient, deps: Deps
) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    deps.queue.announce(["train"], Announced("here/10", ("train",), 2, moment))
    job, file = samples.job(deps).id, samples.dataset(deps, state="ingesting").id
    with deps.database.write() as session:
        claimed = work.claim(session, JobRow, job, 30, worker="here/10/12")
        work.claim(session, DatasetRow, file, 30, worker="away/7/8")
    assert claimed is not None
    found = {one["id"]: one for one in client.get("/v1/workers").json["data"]}
    assert set(found) >= {"here/10", "away/7"}
    here, away = found["here/10"], found["away/7"]
    assert (here["host"], here["pid"], here["state"], here["roles"], here["processes"]) == (
        "here", 10, "alive", ["train"], 2,
    )  # fmt: skip
    assert here["started_at"] == "2026-01-02T03:04:05.000Z"
    (doing,) = here["doing"]
    assert (doing["process"], doing["type"], doing["id"], doing["kind"], doing["owner"]) == (
        12, "job", job, "train", "default",
    )  # fmt: skip
    assert doing["since"] is not None
    assert (away["state"], away["roles"], away["started_at"]) == ("lost", [], None)
    assert [(one["type"], one["id"], one["kind"]) for one in away["doing"]] == [("dataset", file, "ingest")]
    with deps.database.write() as session:
        work.release(session, JobRow, job, claimed.fence)
    assert {one["id"]: one["doing"] for one in client.get("/v1/workers").json["data"]}["here/10"] == []
