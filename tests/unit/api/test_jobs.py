from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.queue import TRAIN
from service.store import jobs
from service.store.session import now
from service.wiring import Deps
from tests import samples


def spec(id: str, **choices: Any) -> dict[str, Any]:
    return {"dataset": id, "model": "houses", "target": "price", **choices}


def move(deps: Deps, id: str, to: Any, **values: Any) -> None:
    with deps.database.write() as session:
        assert jobs.move(session, id, to, **values)
    deps.changes.publish(id)


def test_submitted_job_waits_with_its_resolved_spec(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    before = deps.queue.waiting(TRAIN)
    answer = client.post("/v1/jobs", json=spec(row.id))
    assert answer.status_code == 202
    job = answer.json
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert set(job) == {
        *("id", "kind", "state", "is_terminal", "spec", "dataset", "model", "progress", "attempt"),
        *("priority", "created_at", "started_at", "finished_at", "error"),
    }
    assert (job["kind"], job["state"], job["is_terminal"], job["dataset"]) == ("train", "queued", False, row.id)
    assert (job["model"], job["progress"], job["error"], job["finished_at"]) == (None, None, None, None)
    assert (job["spec"]["task"], job["spec"]["loss"]) == ("regression", "mse")
    assert job["spec"]["features"] == ["size", "colour", "rare"]
    found = client.get(f"/v1/jobs/{job['id']}").json
    assert found.pop("waiting")["before"] == 0
    assert found == job
    assert deps.queue.waiting(TRAIN) == before + 1


def test_comparison_waits_with_its_resolved_spec_and_without_a_model(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    before = deps.queue.waiting(TRAIN)
    body = {"kind": "descent-comparison", "dataset": row.id, "target": "price"}
    answer = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202
    job = answer.json
    assert (job["kind"], job["state"], job["model"], job["dataset"]) == ("descent-comparison", "queued", None, row.id)
    assert job["spec"] == {
        **body, "features": ["size", "colour", "rare"], "exclude": [], "task": "regression", "missing": "mean",
        "network": {"kind": "linear", "hidden": None, "activation": "relu", "bias": True, "dropout": 0.0},
        "loss": "mse", "learning_rate": "auto", "batch_size": 10, "epochs": 50, "tolerance": 0.01, "seed": 0,
        "metadata": {},
    }  # fmt: skip
    assert deps.queue.waiting(TRAIN) == before + 1
    assert client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "k"}).data == answer.data
    assert [one["id"] for one in client.get("/v1/jobs?kind=descent-comparison").json["data"]] == [job["id"]]
    assert client.get("/v1/jobs?kind=train").json["data"] == []
    assert client.post("/v1/jobs", json=job["spec"]).status_code == 202  # what is told can be sent again


def test_comparison_is_validated_without_being_kept(client: FlaskClient, deps: Deps) -> None:
    body = {"kind": "descent-comparison", "dataset": samples.dataset(deps).id, "target": "price"}
    answer = client.post("/v1/jobs/validate", json=body)
    assert (answer.status_code, answer.json["spec"]["batch_size"]) == (200, 10)
    assert any("mini-batch size 10" in note for note in answer.json["notes"])
    assert answer.json["rates"] is None
    assert answer.json["estimate"]["memory"]["total_bytes"] > 0
    assert answer.json["estimate"]["time"]["seconds"] is None
    assert client.get("/v1/jobs").json["data"] == []


@pytest.mark.parametrize(
    ("choices", "pointer", "says"),
    [
        ({"target": "prize"}, "/target", "did you mean 'price'"),
        ({"features": ["size", "nope"]}, "/features/1", "no column 'nope'"),
        ({"model": "houses"}, "/model", "not a field"),
        ({"batch_size": 40}, "/batch_size", "batch descent; use a smaller one"),
        ({"network": {"kind": "mlp", "dropout": 0.1}}, "/network/dropout", "set it to 0"),
        ({"tolerance": 2}, "/tolerance", "out of range"),
        ({"kind": "search"}, "/kind", "use one of: train, descent-comparison"),
    ],
)
def test_comparison_that_cannot_be_run_is_pointed_at(
    client: FlaskClient, deps: Deps, choices: dict[str, Any], pointer: str, says: str
) -> None:
    body = {"kind": "descent-comparison", "dataset": samples.dataset(deps).id, "target": "price", **choices}
    for path in ("/v1/jobs", "/v1/jobs/validate"):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json["code"]) == (422, "spec_invalid")
        (error,) = answer.json["errors"]
        assert error["pointer"] == pointer
        assert says in error["detail"]


def test_validated_spec_is_not_kept(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    answer = client.post("/v1/jobs/validate", json=spec(row.id))
    assert answer.status_code == 200
    assert answer.json["spec"]["task"] == "regression"
    assert any("constant" in note for note in answer.json["notes"])
    assert [warned["code"] for warned in answer.json["warnings"]] == ["identifier", "validation_small"]
    assert client.get("/v1/jobs").json["data"] == []


@pytest.mark.parametrize(
    ("choices", "pointer", "says"),
    [
        ({"target": "prize"}, "/target", "did you mean 'price'"),
        ({"target": "same"}, "/target", "constant"),
        ({"target": "note"}, "/target", "text"),
        ({"target": "rare"}, "/target", "one row"),
        ({"features": ["same"]}, "/features", "no feature is left"),
        ({"features": ["size", "nope"]}, "/features/1", "no column 'nope'"),
        ({"network": {"kind": "mlp", "hidden": [0]}}, "/network/hidden/0", "out of range"),
        ({"network": {"kind": "mlp", "hidden": [8, 1_000_000]}}, "/network/hidden/1", "out of range"),
        ({"dataset": "ds_none"}, "/dataset", "no dataset"),
        ({"dataset": "ds_\0"}, "/dataset", "not the id"),
        ({"model": "House"}, "/model", "not a valid model name"),
        ({"model": "house\n"}, "/model", "not a valid model name"),
        ({"epoch": 5}, "/epoch", "not a field"),
        ({"seed": 2**60}, "/seed", "out of range"),
        ({"class_weights": {"a": 1}}, "/class_weights", "no classes"),
    ],
)
def test_spec_that_cannot_be_run_is_pointed_at(
    client: FlaskClient, deps: Deps, choices: dict[str, Any], pointer: str, says: str
) -> None:
    row = samples.dataset(deps)
    for path in ("/v1/jobs", "/v1/jobs/validate"):
        body = json.dumps(spec(row.id, **choices))
        answer = client.post(path, data=body, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) == (422, "spec_invalid")
        (error,) = answer.json["errors"]
        assert error["pointer"] == pointer
        assert says in error["detail"]
    assert client.get("/v1/jobs").json["data"] == []


def test_every_wrong_field_is_told_at_once(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json={"epochs": 0, "optimizer": {"kind": "magic"}})
    assert {error["pointer"] for error in answer.json["errors"]} == {
        *("/dataset", "/model", "/target", "/epochs", "/optimizer/kind")
    }


@pytest.mark.parametrize(
    ("data", "media_type", "status", "code"),
    [
        (b"", "application/json", 400, "body_malformed"),
        (b"", "", 400, "body_malformed"),
        (b"{}", "", 415, "media_type_unsupported"),
        (b"{}", "text/plain", 415, "media_type_unsupported"),
        (b"{", "application/json", 400, "body_malformed"),
        (b"a,b\n1,2", "application/json", 400, "body_malformed"),
        (b"[]", "application/json", 422, "input_invalid"),
        (b'"x"', "application/json", 422, "input_invalid"),
        (b'{"metadata": ' + b"[" * 500 + b"]" * 500 + b"}", "application/json", 422, "input_invalid"),
        (b"[" * 5000, "application/json", 400, "body_malformed"),
        (b'{"seed": NaN}', "application/json", 400, "body_malformed"),
    ],
)
def test_body_that_is_no_spec_is_refused(
    client: FlaskClient, data: bytes, media_type: str, status: int, code: str
) -> None:
    answer = client.post("/v1/jobs", data=data, headers={"Content-Type": media_type} if media_type else {})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_dataset_that_is_being_read_cannot_be_trained_on_yet(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps, state="ingesting")
    answer = client.post("/v1/jobs", json=spec(row.id))
    assert (answer.status_code, answer.json["code"]) == (409, "dataset_not_ready")


def test_dataset_that_failed_cannot_be_trained_on(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps, state="failed", error={"code": "x", "detail": "header only"})
    answer = client.post("/v1/jobs", json=spec(row.id))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/dataset")
    assert "header only" in answer.json["detail"]


def test_repeated_key_gets_the_first_answer(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    first = client.post("/v1/jobs", json=spec(row.id), headers={"Idempotency-Key": "k"})
    move(deps, first.json["id"], "running")
    again = client.post("/v1/jobs", json=spec(row.id), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.data, again.headers["Location"]) == (202, first.data, first.headers["Location"])
    other = client.post("/v1/jobs", json=spec(row.id, seed=1), headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(client.get("/v1/jobs").json["data"]) == 1


def test_submission_that_waits_is_answered_when_the_job_ends(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)

    def train() -> None:
        while not (page := client.application.test_client().get("/v1/jobs").json["data"]):
            time.sleep(0.01)
        move(deps, page[0]["id"], "running", started_at=now())
        move(deps, page[0]["id"], "succeeded", model_version=1, finished_at=now())

    worker = threading.Thread(target=train)
    worker.start()
    answer = client.post("/v1/jobs", json=spec(row.id), headers={"Prefer": "wait=20"})
    worker.join()
    assert (answer.status_code, answer.json["state"], answer.json["is_terminal"]) == (201, "succeeded", True)
    assert answer.json["model"] == {"name": "houses", "version": 1}
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    assert "Retry-After" not in answer.headers


def test_unreadable_preference_is_ignored(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    answer = client.post("/v1/jobs", json=spec(row.id), headers={"Prefer": "wait=soon"})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


def test_jobs_are_listed_by_what_is_asked(client: FlaskClient, deps: Deps) -> None:
    houses = samples.job(deps).id
    others = samples.job(deps, model_name="others", state="running").id
    assert [job["id"] for job in client.get("/v1/jobs").json["data"]] == [others, houses]
    assert [job["id"] for job in client.get("/v1/jobs?model=houses").json["data"]] == [houses]
    assert [job["id"] for job in client.get("/v1/jobs?state=running&kind=train").json["data"]] == [others]
    assert client.get("/v1/jobs?kind=predict").json == {"data": [], "has_more": False, "next": None}


def test_progress_and_error_are_shown(client: FlaskClient, deps: Deps) -> None:
    progress = {"epoch": 3, "epochs": 10, "fraction": 0.3, "train_loss": 0.5, "eta_seconds": 7.0}
    job = samples.job(deps, progress=progress, state="failed", error={"code": "diverged", "detail": "take 0.1"})
    shown = client.get(f"/v1/jobs/{job.id}").json
    assert shown["progress"] == progress
    assert shown["error"] == {"code": "diverged", "detail": "take 0.1"}


def test_cancelling_twice_changes_nothing(client: FlaskClient, deps: Deps) -> None:
    waiting, running = samples.job(deps).id, samples.job(deps, state="running").id
    for _ in range(2):
        answer = client.post(f"/v1/jobs/{waiting}/cancel")
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
        answer = client.post(f"/v1/jobs/{running}/cancel")
        assert (answer.status_code, answer.json["state"]) == (202, "cancelling")
        assert answer.headers["Location"] == f"/v1/jobs/{running}"


def test_ended_job_cannot_be_cancelled(client: FlaskClient, deps: Deps) -> None:
    answer = client.post(f"/v1/jobs/{samples.job(deps, state='succeeded').id}/cancel")
    assert (answer.status_code, answer.json["code"]) == (409, "illegal_move")


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_job_that_has_ended_goes_with_all_of_its_record(client: FlaskClient, deps: Deps, state: str) -> None:
    version = samples.publish(deps, samples.price_predictor(), "houses")
    job, other = samples.job(deps, state=state, model_version=version.version), samples.job(deps)
    for id in (job.id, other.id):
        with deps.database.write() as session:
            jobs.append_event(session, id, "state", {"state": state})
    answer = client.delete(f"/v1/jobs/{job.id}")
    assert (answer.status_code, answer.data) == (204, b"")
    for below in ("", "/events", "/result"):
        assert client.get(f"/v1/jobs/{job.id}{below}").status_code == 404
    assert client.delete(f"/v1/jobs/{job.id}").json["code"] == "job_not_found"
    assert [row["id"] for row in client.get("/v1/jobs").json["data"]] == [other.id]
    assert len(client.get(f"/v1/jobs/{other.id}/events").json["data"]) == 1
    assert client.get("/v1/models/houses/versions/1").status_code == 200


@pytest.mark.parametrize(
    ("state", "way"), [("queued", "cancel"), ("running", "cancel"), ("cancelling", "wait for its end")]
)
def test_job_that_has_not_ended_is_not_deleted_and_the_way_is_told(
    client: FlaskClient, deps: Deps, state: str, way: str
) -> None:
    id = samples.job(deps, state=state).id
    answer = client.delete(f"/v1/jobs/{id}")
    assert (answer.status_code, answer.json["code"]) == (409, "illegal_move")
    assert way in answer.json["detail"]
    if state == "queued":  # the way that is told is a way
        (told,) = re.findall(r"POST (\S+)\)", answer.json["detail"])
        assert client.post(told).status_code == 200
        assert client.delete(f"/v1/jobs/{id}").status_code == 204


def test_result_names_the_version(client: FlaskClient, deps: Deps) -> None:
    version = samples.publish(deps, samples.price_predictor(), "houses")
    job = samples.job(deps, state="succeeded", model_version=version.version)
    assert client.get(f"/v1/jobs/{job.id}/result").json == {
        "model": {"name": "houses", "version": 1},
        "metrics": {"validation": {"rmse": 0.5}},
        "promotion": None,
    }


@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled"])
def test_job_without_a_result_says_its_state(client: FlaskClient, deps: Deps, state: str) -> None:
    answer = client.get(f"/v1/jobs/{samples.job(deps, state=state).id}/result")
    assert (answer.status_code, answer.json["code"]) == (409, "result_not_ready")
    assert state in answer.json["detail"]


@pytest.mark.parametrize("below", ["", "/events", "/result"])
def test_unknown_job_is_not_found(client: FlaskClient, below: str) -> None:
    answer = client.get(f"/v1/jobs/job_none{below}")
    assert (answer.status_code, answer.json["code"]) == (404, "job_not_found")
