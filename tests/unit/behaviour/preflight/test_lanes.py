"""Which lane work waits in, and what a job that waits says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import insert

from service.domain.jobs.lanes import LONG, SHORT
from service.queue import INGEST, TRAIN
from service.store.session import new_id, now
from service.store.tables import DatasetRow, JobRow, table_of
from service.wiring import Deps
from tests import samples
from tests.unit.behaviour.preflight.looking import Upload, numbers
from workers.jobs.dispatch import run

NETWORK = {"network": {"kind": "mlp", "hidden": [64, 64]}, "early_stopping": None, "batch_size": 1}


pytestmark = pytest.mark.usefixtures("empty_queues")


def messages(deps: Deps, task: Any) -> dict[str, int]:
    """How many wait in each lane."""
    return {lane: deps.queue.length(task.queue_in(lane)) for lane in (SHORT, LONG)}


def submitted(client: FlaskClient, dataset: str, **spec: Any) -> str:
    answer = client.post("/v1/jobs", json={"dataset": dataset, "model": "m", "target": "y", **spec})
    assert answer.status_code == 202, answer.json
    return str(answer.json["id"])


def test_jobs_wait_in_the_lane_of_their_estimate(client: FlaskClient, deps: Deps, upload: Upload) -> None:
    dataset = upload(numbers(300))
    submitted(client, dataset)
    assert messages(deps, TRAIN) == {SHORT: 1, LONG: 0}
    submitted(client, dataset, **NETWORK, epochs=1_000_000)
    assert messages(deps, TRAIN) == {SHORT: 1, LONG: 1}
    submitted(client, dataset, **NETWORK, epochs=1_000_000, budget_seconds=0.5)  # the same, but ended in time
    assert messages(deps, TRAIN) == {SHORT: 2, LONG: 1}
    compared = {"kind": "descent-comparison", "dataset": dataset, "target": "y"}
    assert client.post("/v1/jobs", json={**compared, "epochs": 5}).status_code == 202
    assert messages(deps, TRAIN) == {SHORT: 3, LONG: 1}
    assert (
        client.post("/v1/jobs", json={**compared, "dataset": upload(numbers(5000)), "epochs": 1000}).status_code == 202
    )
    assert messages(deps, TRAIN) == {SHORT: 3, LONG: 2}


def test_what_runs_have_taken_here_goes_before_the_rough_estimate(
    client: FlaskClient, deps: Deps, upload: Upload
) -> None:
    dataset = upload(numbers(300))
    run(deps, submitted(client, dataset))
    with redis.Redis.from_url(deps.settings.broker_url) as broker:
        broker.flushall()
    with deps.database.write() as session:
        job = session.query(JobRow).one()
        assert job.result is not None
        job.result = {**job.result, "speed": {**job.result["speed"], "other_seconds": 60.0}}
    submitted(client, dataset)
    assert messages(deps, TRAIN) == {SHORT: 0, LONG: 1}


@pytest.mark.parametrize(("rows", "lane"), [(40, SHORT), (500_000_000, LONG)])
def test_batch_predictions_wait_in_the_lane_of_their_rows(
    client: FlaskClient, deps: Deps, rows: int, lane: str
) -> None:
    samples.publish(deps, samples.price_predictor(), "m")
    columns = [*samples.COLUMNS, {"name": "sold", "kind": "boolean", "nulls": 0, "distinct": 2}]
    dataset = samples.dataset(deps, rows=rows, columns=columns)
    assert client.post("/v1/batch-predictions", json={"model": "m", "dataset": dataset.id}).status_code == 202
    assert messages(deps, TRAIN) == {SHORT: int(lane == SHORT), LONG: int(lane == LONG)}


def test_files_wait_in_the_lane_of_their_size(
    limited: Callable[..., FlaskClient], make_deps: Callable[..., Deps]
) -> None:
    deps, csv = make_deps(), b"a,b\n1,2\n3,4\n"
    client = limited(short_file_bytes=len(csv))
    for number, body in enumerate((csv, csv + b"5,6\n")):
        sent = client.post("/v1/datasets", data=body, headers={"Content-Type": "text/csv"})
        assert sent.status_code == 202
        assert messages(deps, INGEST) == {SHORT: 1, LONG: number}
        with deps.database.read() as session:
            assert session.get_one(DatasetRow, sent.json["id"]).lane == (SHORT, LONG)[number]


def why(client: FlaskClient, id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/jobs/{id}").json["waiting"]
    return found


def test_a_queued_job_says_its_place_in_its_lane_and_why_it_waits(client: FlaskClient, deps: Deps) -> None:
    ids = [samples.job(deps, lane=lane, sent_at=now()).id for lane in (LONG, SHORT, LONG, SHORT, LONG)]
    samples.job(deps, state="succeeded", lane=LONG)
    unserved = why(client, ids[4])
    assert (unserved["lane"], unserved["before"], unserved["running"]) == (LONG, 2, 0)
    assert "no worker takes long jobs" in unserved["why"]
    deps.queue.announce(["short"])
    assert "no worker" in why(client, ids[4])["why"]
    assert why(client, ids[3]) == {
        "lane": SHORT, "before": 1, "running": 0,
        "why": "1 short job(s) go first, by priority and owners' turns; 0 job(s) run now",
    }  # fmt: skip
    deps.queue.announce(["train"])
    for _ in range(2):
        samples.job(deps, state="running", lane=LONG)
    assert why(client, ids[4])["why"] == "2 long job(s) go first, by priority and owners' turns; 2 job(s) run now"
    assert "starts as soon as a process is free; 2 job(s) run" in why(client, ids[0])["why"]


def test_a_job_that_does_not_wait_says_nothing_of_it(client: FlaskClient, deps: Deps) -> None:
    for state in ("running", "succeeded", "cancelled"):
        assert "waiting" not in client.get(f"/v1/jobs/{samples.job(deps, state=state).id}").json


def test_a_place_is_not_counted_beyond_a_thousand(client: FlaskClient, deps: Deps) -> None:
    values = {
        "kind": "train", "state": "queued", "spec": {}, "dataset_id": "ds_1", "model_name": "m", "attempt": 0,
        "fence": 0, "created_at": now(), "sent_at": now(), "lane": LONG,
    }  # fmt: skip
    with deps.database.write() as session:
        session.execute(insert(table_of(JobRow)), [{"id": new_id("job"), **values} for _ in range(1500)])
    deps.queue.announce(["train"])
    last = samples.job(deps, id="job_zzzzzzzzzzzzzzzzzzzzzzzzzz", lane=LONG, sent_at=now())
    found = why(client, last.id)
    assert found["before"] == 1000
    assert found["why"].startswith("1,000 or more long job(s) go first")
