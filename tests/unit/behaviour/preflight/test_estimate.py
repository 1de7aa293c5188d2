"""What a run would take, and what of the preflight a job carries."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from flask.testing import FlaskClient

from service.store.tables import JobRow
from service.wiring import Deps
from tests.unit.behaviour.preflight.looking import Look, Upload, draws, numbers, warned
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train


def test_a_table_beyond_the_memory_is_refused_where_it_must_be_in_it(
    limited: Callable[..., FlaskClient], make_deps: Callable[..., Deps]
) -> None:
    rows, columns = 20_000, 20
    cells = draws().normal(size=(rows, columns + 1)).round(3)
    data = pd.DataFrame(cells, columns=[*(f"x{n}" for n in range(columns)), "y"]).to_csv(index=False).encode()
    matrix = rows * columns * 4  # float32, in all parts together
    for limit, is_told in ((2**20, True), (2**21, False)):
        client = limited(training_memory_bytes=limit)
        answer = client.post("/v1/datasets", data=data, headers={"Content-Type": "text/csv"})
        ingest(make_deps(), answer.json["id"])
        body = {"dataset": answer.json["id"], "model": "m", "target": "y"}
        answer = client.post("/v1/jobs/validate", json={**body, "engine": "autograd"})
        assert (answer.status_code == 422) == is_told
        if is_told:
            assert "the prepared table 1.5 MiB" in answer.json["detail"]
            assert 'use "engine": "fused"' in answer.json["detail"]
            continue
        memory = answer.json["estimate"]["memory"]
        assert (memory["matrix_bytes"], memory["limit_bytes"]) == (matrix, limit)
        assert memory["total_bytes"] == sum(
            memory[f"{part}_bytes"] for part in ("matrix", "weights", "optimizer", "workspace")
        )
    on_disk = limited(training_memory_bytes=2**20).post("/v1/jobs/validate", json=body)  # the fused engine trains there
    assert (on_disk.status_code, on_disk.json["spec"]["engine"]) == (200, "fused")


def test_memory_counts_weights_and_what_the_optimizer_keeps(look: Look) -> None:
    # 4·8+8 + 8+1 = 49 float32; adam keeps two vectors as long
    for kind, vectors in (("adam", 2), ("sgd", 1)):
        spec = {"network": {"kind": "mlp", "hidden": [8]}, "optimizer": {"kind": kind}}
        memory = look(numbers(), **spec)["estimate"]["memory"]
        assert (memory["weights_bytes"], memory["optimizer_bytes"]) == (196, 196 * vectors)


def test_time_is_told_by_what_runs_have_taken(
    client: FlaskClient, deps: Deps, upload: Upload, limited: Callable[..., FlaskClient]
) -> None:
    body = {
        "dataset": upload(numbers(2000)), "model": "m", "target": "y", "epochs": 20, "early_stopping": None,
        "network": {"kind": "mlp", "hidden": [16]}, "batch_size": 32,
    }  # fmt: skip

    def told(**choices: Any) -> dict[str, Any]:
        found: dict[str, Any] = client.post("/v1/jobs/validate", json={**body, **choices}).json
        return found

    before = told(budget_seconds=1e-6)
    assert before["estimate"]["time"]["seconds"] is None
    assert "no run" in before["estimate"]["time"]["why"]
    assert "budget_short" not in warned(before)
    for seed in range(3):
        job = client.post("/v1/jobs", json={**body, "seed": seed}).json["id"]
        train(deps, job)
    job = client.post("/v1/jobs", json={**body, "seed": 9, "epochs": 60}).json["id"]
    started = time.perf_counter()
    train(deps, job)
    taken = time.perf_counter() - started
    found = told(epochs=60)["estimate"]["time"]
    assert (found["runs"], found["epochs"]) == (4, 60)
    assert taken / 4 < found["seconds"] < taken * 4
    assert found["low"] <= found["seconds"] <= found["high"]
    assert "budget_short" in warned(told(budget_seconds=found["epoch_seconds"] * 5))
    assert "budget_short" not in warned(told(budget_seconds=found["epoch_seconds"] * 2000))
    for most, is_told in ((found["low"] / 2, True), (found["high"] * 2, False)):
        bounded = limited(max_job_seconds=most).post("/v1/jobs/validate", json={**body, "epochs": 60}).json
        assert ("job_too_long" in warned(bounded)) == is_told
    with deps.database.read() as session:
        row = session.get_one(JobRow, job)
        assert row.result is not None
        speed = row.result["speed"]
    assert (speed["rows"], speed["batch"], speed["weights"], speed["cells"]) == (1600, 32, 4 * 16 + 16 + 17, 8000)


def test_a_submitted_job_carries_the_same_warnings_to_its_report(
    client: FlaskClient, deps: Deps, upload: Upload
) -> None:
    body = {"dataset": upload(numbers(60)), "model": "m", "target": "y", "batch_size": 999, "epochs": 2}
    expected = client.post("/v1/jobs/validate", json=body).json["warnings"]
    assert {"validation_small", "batch_larger_than_rows"} <= {warning["code"] for warning in expected}
    job = client.post("/v1/jobs", json=body).json["id"]
    events = client.get(f"/v1/jobs/{job}/events").json["data"]
    told = [event["data"] for event in events if event["type"] == "message" and "warning" in event["data"]]
    assert [data["warning"] for data in told] == expected
    assert [data["text"] for data in told] == [warning["detail"] for warning in expected]
    train(deps, job)
    assert client.get("/v1/models/m/versions/1/report").json["warnings"] == expected


@pytest.mark.parametrize("hidden", [None, [4]])
def test_early_stopping_may_end_it_only_where_there_is_any(
    client: FlaskClient, deps: Deps, upload: Upload, hidden: list[int] | None
) -> None:
    network = {"kind": "mlp", "hidden": hidden} if hidden else {"kind": "linear"}
    body = {"dataset": upload(numbers()), "model": "m", "target": "y", "network": network}
    train(deps, client.post("/v1/jobs", json=body).json["id"])
    found = client.post("/v1/jobs/validate", json=body).json
    stops = found["spec"]["early_stopping"] is not None
    assert stops == (hidden is not None)
    assert ("early stopping may end it" in found["estimate"]["time"]["why"]) == stops
    assert any(note.startswith("no early stopping") for note in found["notes"]) == (not stops)
