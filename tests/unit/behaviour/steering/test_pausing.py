"""A job that is paused while it runs: what is kept, what is free, and how it ends once it is resumed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.api.app import create_app
from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import WEIGHTS
from service.queue import TRAIN
from service.store import jobs, models
from service.store.blobs.bundles import read_file
from service.store.tables import JobRow
from service.wiring import Deps
from tests import samples
from tests.contract.rows import expire
from tests.integration.processes import eventually
from tests.unit.workers.batch.running import add_table, content, linear, submitted
from tests.unit.workers.jobs.test_predict import numbers
from tests.unit.workers.jobs.test_train import add_dataset
from workers.jobs.dispatch import run
from workers.jobs.record.training import TrainingRecorder
from workers.sweeper import sweep

NETWORK = {"kind": "mlp", "hidden": [6]}


@pytest.fixture
def quick(make_deps: Callable[..., Deps]) -> Deps:
    """Parts whose workers look soon whether they are asked for something."""
    return make_deps(heartbeat_seconds=0.05)


@pytest.fixture
def client(quick: Deps) -> FlaskClient:
    return create_app(quick).test_client()


def row(deps: Deps, id: str) -> JobRow:
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def weights(deps: Deps, id: str) -> bytes:
    job = row(deps, id)
    assert job.model_version is not None, job.error
    with deps.database.read() as session:
        version = models.get_version(session, DEFAULT_OWNER, job.model_name, job.model_version)
    return read_file(deps.blobs, version.files[WEIGHTS])


def told(deps: Deps, id: str) -> list[tuple[str, Any]]:
    with deps.database.read() as session:
        events = jobs.events_after(session, id, 0, 10_000)
    return [(one.type, one.data.get("state", one.data.get("text"))) for one in events]


def held_at(monkeypatch: pytest.MonkeyPatch, epoch: int) -> tuple[threading.Event, threading.Event]:
    """A training comes to this epoch, says so, and goes on when it is let."""
    there, on = threading.Event(), threading.Event()
    record = TrainingRecorder.epoch

    def watched(recorder: TrainingRecorder, ended: Any) -> None:
        if ended.epoch == epoch and not on.is_set():
            there.set()
            assert on.wait(30)
        record(recorder, ended)

    monkeypatch.setattr(TrainingRecorder, "epoch", watched)
    return there, on


def spec(deps: Deps, **changes: Any) -> dict[str, Any]:
    asked = {"model": "m", "target": "y", "features": ["a", "b"], "network": NETWORK, "epochs": 40}
    return {"dataset": add_dataset(deps), **asked, "early_stopping": None, **changes}


def test_a_paused_training_frees_its_worker_and_ends_in_the_same_bits_once_resumed(
    quick: Deps, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spec(quick)
    whole = client.post("/v1/jobs", json=asked).json["id"]
    run(quick, whole)
    there, on = held_at(monkeypatch, 7)
    id = client.post("/v1/jobs", json=asked).json["id"]
    worker = threading.Thread(target=run, args=[quick, id])
    worker.start()
    assert there.wait(30)
    answer = client.post(f"/v1/jobs/{id}/pause")
    assert (answer.status_code, answer.json["state"]) == (202, "paused")
    assert client.post(f"/v1/jobs/{id}/pause").status_code == 202  # asking twice changes nothing
    assert row(quick, id).lease_until is not None
    threading.Timer(0.2, on.set).start()
    settled = client.post(f"/v1/jobs/{id}/pause", headers={"Prefer": "wait=20"})
    assert (settled.status_code, settled.json["state"], settled.json["attempt"]) == (200, "paused", 0)
    worker.join(30)
    assert not worker.is_alive()
    paused = row(quick, id)
    assert (paused.state, paused.lease_until, paused.attempt) == ("paused", None, 0)
    assert paused.checkpoint_key is not None
    assert paused.progress is not None
    assert 7 <= paused.progress["epoch"] < 40
    run(quick, id)  # a message that comes now wakes nobody
    sweep(quick, 0)
    assert row(quick, id).state == "paused"
    waiting = quick.queue.waiting(TRAIN)
    resumed = client.post(f"/v1/jobs/{id}/resume")
    assert (resumed.status_code, resumed.json["state"]) == (200, "queued")
    assert client.post(f"/v1/jobs/{id}/resume").json["state"] == "queued"
    assert quick.queue.waiting(TRAIN) == waiting + 1
    run(quick, id)
    ended = row(quick, id)
    assert (ended.state, ended.attempt) == ("succeeded", 1)
    assert weights(quick, id) == weights(quick, whole)
    states = [what for type, what in told(quick, id) if type == "state"]
    assert states == ["queued", "running", "paused", "queued", "running", "succeeded"]
    assert ("message", jobs.LET_GO) in told(quick, id)


def test_a_job_that_is_resumed_before_its_worker_stops_runs_on(
    quick: Deps, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, on = held_at(monkeypatch, 3)
    id = client.post("/v1/jobs", json=spec(quick)).json["id"]
    worker = threading.Thread(target=run, args=[quick, id])
    worker.start()
    assert there.wait(30)
    assert client.post(f"/v1/jobs/{id}/pause").status_code == 202
    assert client.post(f"/v1/jobs/{id}/resume").json["state"] == "running"
    on.set()
    worker.join(60)
    if row(quick, id).state == "queued":  # its worker had seen the pause
        run(quick, id)
    assert row(quick, id).state == "succeeded"
    assert row(quick, id).attempt == 1


def test_a_queued_job_is_paused_at_once_and_cancelled_from_there(quick: Deps, client: FlaskClient) -> None:
    id = client.post("/v1/jobs", json=spec(quick)).json["id"]
    answer = client.post(f"/v1/jobs/{id}/pause")
    assert (answer.status_code, answer.json["state"], answer.json["is_terminal"]) == (200, "paused", False)
    run(quick, id)
    assert row(quick, id).state == "paused"
    assert [one["id"] for one in client.get("/v1/jobs?state=paused").json["data"]] == [id]
    assert client.post(f"/v1/jobs/{id}/cancel").json["state"] == "cancelled"


def test_cancelling_a_paused_job_that_is_held_ends_it_at_its_next_batch_and_keeps_nothing(
    quick: Deps, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, on = held_at(monkeypatch, 3)
    id = client.post("/v1/jobs", json=spec(quick, epochs=50_000)).json["id"]
    worker = threading.Thread(target=run, args=[quick, id])
    worker.start()
    assert there.wait(30)
    client.post(f"/v1/jobs/{id}/pause")
    assert client.post(f"/v1/jobs/{id}/cancel").json["state"] == "cancelling"
    refused = client.post(f"/v1/jobs/{id}/resume")
    assert (refused.status_code, refused.json["code"]) == (409, "illegal_move")
    on.set()
    worker.join(60)
    ended = row(quick, id)
    assert (ended.state, ended.checkpoint_key) == ("cancelled", None)


def test_a_worker_that_dies_while_its_job_is_paused_leaves_it_paused(quick: Deps, client: FlaskClient) -> None:
    from service.store import work

    id = samples.job(quick).id
    with quick.database.write() as session:
        claimed = work.claim(session, JobRow, id, 30)
        assert claimed is not None
    assert client.post(f"/v1/jobs/{id}/pause").status_code == 202
    expire(quick.database, JobRow, id)
    sweep(quick)
    left = row(quick, id)
    assert (left.state, left.lease_until) == ("paused", None)
    with quick.database.write() as session:  # what the lost one still holds is worth nothing
        assert not work.write(session, JobRow, id, claimed.fence, progress={})
        assert not jobs.move(session, id, "succeeded", claimed.fence)


def test_a_paused_batch_prediction_goes_on_after_the_rows_that_it_has_kept(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(heartbeat_seconds=0.02, checkpoint_seconds=0.0)
    client = create_app(deps).test_client()
    samples.publish(deps, linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = add_table(deps, numbers(60_000)[1])
    whole = submitted(deps, model="m", dataset=dataset)
    run(deps, whole)
    id = submitted(deps, model="m", dataset=dataset)
    worker = threading.Thread(target=run, args=[deps, id])
    worker.start()
    assert eventually(lambda: bool((row(deps, id).result or {}).get("parts")) or row(deps, id).state == "succeeded")
    paused = client.post(f"/v1/jobs/{id}/pause", headers={"Prefer": "wait=20"})
    worker.join(60)
    if paused.status_code == 200:
        kept = row(deps, id)
        assert kept.result is not None
        assert kept.result["parts"]
        client.post(f"/v1/jobs/{id}/resume")
        run(deps, id)
    assert content(deps, row(deps, id)) == content(deps, row(deps, whole))


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_can_neither_be_paused_nor_resumed(quick: Deps, client: FlaskClient, state: Any) -> None:
    id = samples.job(quick, state=state).id
    for what, asked in (("pause", "paused"), ("resume", "resumed")):
        answer = client.post(f"/v1/jobs/{id}/{what}")
        assert (answer.status_code, answer.json["code"]) == (409, "illegal_move")
        assert answer.json["detail"] == (
            f"job {id} has already {state}; it cannot be {asked}. To run it again, submit its spec anew"
        )
    assert client.post("/v1/jobs/job_nobody/pause").status_code == 404
