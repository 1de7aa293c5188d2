"""What the body of a job asks of the job: its priority, and whether it has to run at all."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from service.domain.access.owners import DEFAULT_OWNER
from service.store import datasets, models
from service.store.tables import DatasetRow
from service.usecases import promote
from service.wiring import Deps
from tests import samples
from tests.unit.workers.batch.running import add_table, linear
from tests.unit.workers.jobs.test_predict import numbers
from tests.unit.workers.jobs.test_train import add_dataset
from workers.jobs.dispatch import run


def spec(id: str, **choices: Any) -> dict[str, Any]:
    return {"dataset": id, "model": "houses", "target": "price", **choices}


def test_a_priority_is_the_jobs_and_not_its_specs(client: FlaskClient, deps: Deps) -> None:
    id = samples.dataset(deps).id
    job = client.post("/v1/jobs", json=spec(id, priority=7)).json
    assert job["priority"] == 7
    assert "priority" not in job["spec"]
    assert client.post("/v1/jobs", json=spec(id)).json["priority"] == 0
    comparison = {"kind": "descent-comparison", "dataset": id, "target": "price", "priority": -3}
    assert client.post("/v1/jobs", json=comparison).json["priority"] == -3
    assert client.post("/v1/jobs/validate", json=spec(id, priority=7)).status_code == 200
    assert [one["priority"] for one in client.get("/v1/jobs").json["data"]] == [-3, 0, 7]


def test_a_batch_prediction_has_a_priority_too(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    id = add_table(deps, numbers(10)[1])
    job = client.post("/v1/batch-predictions", json={"model": "m", "dataset": id, "priority": 4}).json
    assert (job["priority"], "priority" in job["spec"]) == (4, False)


@pytest.mark.parametrize("priority", [101, -101, 1.5, "high", True])
def test_a_priority_out_of_bounds_is_pointed_at(client: FlaskClient, deps: Deps, priority: object) -> None:
    answer = client.post("/v1/jobs", json=spec(samples.dataset(deps).id, priority=priority))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/priority"


def test_a_higher_priority_goes_first_and_the_other_says_so(client: FlaskClient, deps: Deps) -> None:
    id = samples.dataset(deps).id
    deps.queue.announce(["train"])
    first = client.post("/v1/jobs", json=spec(id)).json["id"]
    urgent = client.post("/v1/jobs", json=spec(id, priority=1, seed=1)).json["id"]
    waiting = {one: client.get(f"/v1/jobs/{one}").json["waiting"] for one in (first, urgent)}
    assert (waiting[first]["before"], waiting[urgent]["before"]) == (1, 0)
    assert "1 short job(s) go first, by priority and owners' turns" in waiting[first]["why"]
    assert waiting[urgent]["why"].startswith("it is the next short job")


def asked(id: str, **choices: Any) -> dict[str, Any]:
    body = {"dataset": id, "model": "m", "target": "y", "features": ["a", "b"], "epochs": 3, "reuse": True}
    return {**body, **choices}


def test_a_training_that_was_done_is_not_done_again(client: FlaskClient, deps: Deps) -> None:
    id = add_dataset(deps)
    first = client.post("/v1/jobs", json=asked(id))
    assert first.status_code == 202
    going = client.post("/v1/jobs", json=asked(id))
    assert (going.status_code, going.json["id"]) == (202, first.json["id"])  # it is on its way
    run(deps, first.json["id"])
    again = client.post("/v1/jobs", json=asked(id))
    assert (again.status_code, again.json["id"], again.json["state"]) == (200, first.json["id"], "succeeded")
    assert again.json["model"] == {"name": "m", "version": 1}
    assert again.headers["Location"] == f"/v1/jobs/{first.json['id']}"
    assert "reuse" not in again.json["spec"]
    for other in ({"seed": 1}, {"epochs": 4}, {"model": "n"}, {"metadata": {"a": 1}}, {"reuse": False}):
        fresh = client.post("/v1/jobs", json=asked(id, **other))
        assert (fresh.status_code, fresh.json["id"] != first.json["id"]) == (202, True), other


def test_a_training_whose_version_is_gone_is_done_again(client: FlaskClient, deps: Deps) -> None:
    id = add_dataset(deps)
    first = client.post("/v1/jobs", json=asked(id)).json["id"]
    run(deps, first)
    promote.delete_version(deps.database, DEFAULT_OWNER, "m", 1)
    fresh = client.post("/v1/jobs", json=asked(id))
    assert (fresh.status_code, fresh.json["id"] != first) == (202, True)


def test_the_same_bytes_under_another_id_are_the_same(client: FlaskClient, deps: Deps) -> None:
    id = add_dataset(deps)
    first = client.post("/v1/jobs", json=asked(id)).json["id"]
    run(deps, first)
    with deps.database.read() as session:
        row = datasets.get(session, DEFAULT_OWNER, id)
    other = samples.dataset(deps, rows=row.rows, columns=row.columns, table_key=row.table_key, sha256=row.sha256).id
    with deps.database.write() as session:
        session.execute(update(DatasetRow).where(DatasetRow.id == id).values(fingerprint="gone"))
        session.execute(update(DatasetRow).where(DatasetRow.id == other).values(fingerprint=row.fingerprint))
    again = client.post("/v1/jobs", json=asked(other))
    assert (again.status_code, again.json["id"]) == (200, first)
    with deps.database.read() as session:
        assert models.get(session, DEFAULT_OWNER, "m").last_version == 1


def test_a_job_that_has_failed_is_not_reused(client: FlaskClient, deps: Deps) -> None:
    id = add_dataset(deps)
    diverging = asked(id, optimizer={"kind": "sgd", "learning_rate": 1000.0}, batch_size="full", epochs=50)
    first = client.post("/v1/jobs", json=diverging).json["id"]
    run(deps, first)
    assert client.get(f"/v1/jobs/{first}").json["state"] == "failed"
    assert client.post("/v1/jobs", json=diverging).json["id"] != first
