"""A clean stop, by a real signal to a real pool, in the middle of each kind of work: given back, at no cost."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from service.client import Client
from service.domain.model.artifact import WEIGHTS
from service.queue import INGEST, TRAIN
from service.store.tables import DatasetRow
from service.wiring import Deps
from tests import descents, samples
from tests.chaos.jobs import add_dataset, add_job, events_of, job_of, wait_for_epoch, weights_of
from tests.chaos.pool import START_SECONDS, pool
from tests.integration.processes import Running, eventually
from tests.integration.test_serve import serve, url_of
from tests.unit.workers.batch import running as batches
from tests.unit.workers.comparison import running as comparisons
from workers.ingest import run as ingest
from workers.jobs.dispatch import run


@pytest.fixture
def deps(make_deps: Callable[..., Deps]) -> Deps:
    """Checkpoints one after the other; a lease that was not given back would hold its row for the whole test."""
    return make_deps(lease_seconds=600.0, heartbeat_seconds=0.2, checkpoint_seconds=0.05)


def stop(worker: Running) -> None:
    """By SIGTERM to the parent; nothing that it says is an error."""
    worker.process.send_signal(signal.SIGTERM)
    assert worker.wait() == 0, "\n".join(worker.lines)
    assert not [line for line in worker.lines if '"level": "error"' in line or "WorkerLost" in line]


def is_given_back(deps: Deps, id: str) -> bool:
    """It waits, no attempt is spent, no lease holds it, and the next sweep sends it."""
    row = job_of(deps, id)
    return (row.state, row.attempt, row.lease_until, row.sent_at) == ("queued", 0, None, None)


def test_a_stopped_training_goes_on_after_its_last_epoch_to_the_same_weights(deps: Deps) -> None:
    dataset = add_dataset(deps)
    id = add_job(deps, dataset, epochs=300)
    for _ in range(2):
        deps.queue.send(TRAIN, id)
        with pool(deps.settings, TRAIN.queue) as worker:
            assert eventually(lambda: job_of(deps, id).state == "running", START_SECONDS)
            wait_for_epoch(deps, id, (job_of(deps, id).progress or {}).get("epoch", 0) + 10)
            stop(worker)
        assert is_given_back(deps, id), "\n".join(worker.lines)
    run(deps, id)
    told = [event["epoch"] for event in events_of(deps, id) if event["type"] == "epoch"]
    assert told == sorted(set(told))  # nothing was done twice: the stop itself saved the last epoch
    undisturbed = add_job(deps, dataset, epochs=300)
    run(deps, undisturbed)
    assert weights_of(deps, id) == weights_of(deps, undisturbed)


def test_a_stopped_comparison_ends_in_the_same_figures(deps: Deps) -> None:
    X, y = descents.table(6, 20_000, [1, 1000], [0, 0])
    dataset = comparisons.add_table(deps, X, y)
    spec = {"epochs": 200, "tolerance": 1e-5}
    id = comparisons.submitted(deps, dataset, **spec)
    with pool(deps.settings, TRAIN.queue) as worker:
        assert eventually(lambda: job_of(deps, id).progress is not None, START_SECONDS)
        stop(worker)
    assert is_given_back(deps, id)
    run(deps, id)
    whole = comparisons.compared(deps, dataset, **spec)
    found = comparisons.without_seconds(comparisons.result_of(job_of(deps, id)))
    assert found == comparisons.without_seconds(comparisons.result_of(whole))


def test_a_stopped_batch_prediction_ends_in_the_same_file(deps: Deps) -> None:
    X = np.random.default_rng(0).normal(size=(2_000_000, 2))
    samples.publish(deps, batches.linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    dataset = batches.add_table(deps, pa.table({"a": X[:, 0], "b": X[:, 1]}), group_rows=100_000)
    id = batches.submitted(deps, model="m", dataset=dataset)
    with pool(deps.settings, TRAIN.queue) as worker:
        assert eventually(lambda: (job_of(deps, id).result or {}).get("parts"), START_SECONDS)
        stop(worker)
    assert is_given_back(deps, id)
    run(deps, id)
    assert job_of(deps, id).result == batches.predicted(deps, model="m", dataset=dataset).result


def test_a_stopped_ingest_ends_in_the_same_table(deps: Deps) -> None:
    lines = ["a,b", "1,2,3", *(f"{number},word {number % 97}" for number in range(400_000)), ""]
    blob = deps.blobs.put("\n".join(lines).encode())  # the second line has a cell too many: the careful reader, slow
    nothing = {"rows": None, "table_key": None, "profile_key": None, "columns": None, "dialect": None}

    def dataset() -> DatasetRow:
        values = {"state": "ingesting", "sha256": blob.key, "bytes": blob.size, "name": "a.csv", **nothing}
        return samples.dataset(deps, **values)

    def row(id: str) -> DatasetRow:
        with deps.database.read() as session:
            return session.get_one(DatasetRow, id)

    stopped, undisturbed = dataset().id, dataset().id
    deps.queue.send(INGEST, stopped)
    with pool(deps.settings, INGEST.queue) as worker:
        assert eventually(lambda: row(stopped).lease_until, START_SECONDS)
        stop(worker)
    waiting = row(stopped)
    assert (waiting.state, waiting.attempt, waiting.lease_until, waiting.sent_at) == ("ingesting", 0, None, None)
    for id in (stopped, undisturbed):
        ingest.run(deps, id)
        assert row(id).state == "ready", row(id).error
    assert row(stopped).table_key == row(undisturbed).table_key


def epoch_of(client: Client, id: str) -> int:
    return int((client.job(id).progress or {}).get("epoch", 0))


def goes_on(client: Client, id: str) -> None:
    """Until the job runs there, and has gone on."""
    assert eventually(lambda: client.job(id).state == "running", START_SECONDS)
    epoch = epoch_of(client, id)
    assert eventually(lambda: epoch_of(client, id) > epoch + 2)


def test_three_clean_restarts_of_everything_cost_a_training_nothing(tmp_path: Path) -> None:
    """With every time at its default: the job ends as if nobody had stopped it."""
    rows = np.random.default_rng(0).normal(size=(3000, 3)).tolist()
    csv = "\n".join(["a,b,y", *(",".join(map(repr, row)) for row in rows), ""]).encode()
    spec: dict[str, Any] = {
        "target": "y", "network": {"kind": "mlp", "hidden": [64, 64]}, "batch_size": 1, "epochs": 300,
        "early_stopping": None,
    }  # fmt: skip
    id = dataset = ""
    for _ in range(3):
        with serve(tmp_path / "data") as stack, Client(url_of(stack), timeout=60) as client:
            dataset = dataset or client.upload(csv, name="noise").id
            id = id or client.submit({"dataset": dataset, "model": "stopped", **spec}).id
            goes_on(client, id)
            stop(stack)
    with serve(tmp_path / "data") as stack, Client(url_of(stack), timeout=60) as client:
        goes_on(client, id)
        done = client.wait(id)
        client.wait(client.submit({"dataset": dataset, "model": "undisturbed", **spec}).id)
        states = [event.data["state"] for event in client.events(id) if event.type == "state"]
        assert client.file(WEIGHTS, "stopped", 1) == client.file(WEIGHTS, "undisturbed", 1)
    assert states == [*["queued", "running"] * 4, "succeeded"]
    assert done.attempt == 1
