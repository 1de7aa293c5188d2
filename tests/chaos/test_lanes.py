"""The lane for short work: what is long never holds it, and what turns out long does not stay in it."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service.client import Client
from service.domain.jobs.lanes import LONG, SHORT
from service.queue import INGEST, TRAIN
from service.settings import Settings
from service.store.tables import DatasetRow, JobRow
from service.wiring import Deps, wire
from tests import descents, samples
from tests.chaos.jobs import add_dataset, add_job, events_of, job_of, wait_for_epoch, weights_of
from tests.chaos.pool import START_SECONDS, pool
from tests.chaos.test_stops import stop
from tests.integration.processes import eventually
from tests.integration.test_serve import serve, url_of
from tests.unit.workers.comparison import running as comparisons
from workers.ingest import run as ingest
from workers.jobs.dispatch import run
from workers.lane import here
from workers.lease import PATIENCES, claimed

ENDLESS: dict[str, Any] = {
    "network": {"kind": "mlp", "hidden": [64, 64]}, "batch_size": 1, "epochs": 1_000_000, "early_stopping": None,
}  # fmt: skip

# no heartbeat, which would end the process of the test after five times a short patience
STILL: dict[str, Any] = {"heartbeat_seconds": 600.0, "lease_seconds": 3600.0}


@pytest.fixture
def lane() -> Iterator[Any]:
    """What a process of the short lane sets for itself."""
    yield here
    here.only = here.patience_seconds = None


def set_lane(deps: Deps, id: str, lane: str) -> None:
    with deps.database.write() as session:
        (session.get(JobRow, id) or session.get_one(DatasetRow, id)).lane = lane


def lane_of(deps: Deps, id: str) -> str:
    with deps.database.read() as session:
        return (session.get(JobRow, id) or session.get_one(DatasetRow, id)).lane


def test_two_endless_trainings_hold_no_short_job_and_no_small_file(tmp_path: Path) -> None:
    """With the pools of `adaline serve`, two trainers: all of it ends while both trainings run."""
    rows = np.random.default_rng(0).normal(size=(30, 3)).round(3)
    small = "\n".join(["a,b,y", *(",".join(map(str, row)) for row in rows.tolist()), ""]).encode()
    with serve(tmp_path / "data", ADALINE_WORKER_PROCESSES="2") as stack, Client(url_of(stack), timeout=60) as client:
        dataset = client.upload(small, name="small").id
        endless = [
            client.submit({"dataset": dataset, "model": f"endless-{n}", "target": "y", **ENDLESS}).id for n in range(2)
        ]

        def run_both() -> bool:
            return [client.job(id).state for id in endless] == ["running"] * 2

        def lane_is_up() -> bool:
            return bool(httpx.get(f"{url_of(stack)}/readyz", timeout=30).json()["parts"]["short"] == "ok")

        assert eventually(run_both, START_SECONDS)
        waiting = client.submit({"dataset": dataset, "model": "third", "target": "y", **ENDLESS}).id
        assert eventually(lane_is_up, START_SECONDS)
        for number in range(3):
            other = client.upload(small + b"1,2,3\n" * (number + 1), name="another").id
            done = client.train(other, target="y", model="short")
            assert done.version == number + 1
        assert run_both()
        told = client.job(waiting).json["waiting"]
        assert (told["lane"], told["before"], told["running"]) == (LONG, 0, 2)


def test_the_short_lane_takes_nothing_long(deps: Deps) -> None:
    """A real pool of the lane alone: what is short is done, what is long is not touched."""
    blob = deps.blobs.put(b"a,b\n1,x\n2,y\n")
    files = [
        samples.dataset(deps, state="ingesting", sha256=blob.key, rows=None, table_key=None, lane=lane).id
        for lane in (LONG, SHORT)
    ]
    dataset = add_dataset(deps)
    long, short = add_job(deps, dataset, epochs=100_000), add_job(deps, dataset, engine="fused", epochs=5)
    assert (lane_of(deps, long), lane_of(deps, short)) == (LONG, SHORT)
    for queued, lane in zip(files, (LONG, SHORT), strict=True):
        deps.queue.send(INGEST, queued, lane)
    deps.queue.send(TRAIN, long, SHORT)  # a message that has come to the wrong queue
    deps.queue.announce(["train", "ingest"])
    with pool(deps.settings, SHORT) as worker:
        assert eventually(lambda: job_of(deps, short).state == "succeeded", START_SECONDS), worker.lines
        assert eventually(lambda: ingested(deps, files[1]) == "ready", START_SECONDS), worker.lines
        assert eventually(lambda: deps.queue.length(TRAIN.queue_in(SHORT)) == 0)
        assert eventually(lambda: deps.queue.served()["short"])
    assert (job_of(deps, long).state, job_of(deps, long).fence) == ("queued", 0)
    assert ingested(deps, files[0]) == "ingesting"
    with deps.database.read() as session:
        assert session.get_one(DatasetRow, files[0]).fence == 0


def ingested(deps: Deps, id: str) -> str:
    with deps.database.read() as session:
        return session.get_one(DatasetRow, id).state


def test_a_training_that_is_not_short_goes_on_in_the_other_lane_to_the_same_weights(
    make_deps: Callable[..., Deps], lane: Any
) -> None:
    deps = make_deps(checkpoint_seconds=0.0, **STILL)
    dataset = add_dataset(deps)
    id, undisturbed = (add_job(deps, dataset, epochs=400) for _ in range(2))
    set_lane(deps, id, SHORT)
    lane.only = SHORT
    thread = threading.Thread(target=run, args=(deps, id))
    thread.start()
    wait_for_epoch(deps, id, 3)
    lane.patience_seconds = 0.0
    thread.join()
    left = job_of(deps, id)
    assert (left.state, left.lane, left.attempt, left.lease_until, left.sent_at) == ("queued", LONG, 0, None, None)
    assert left.checkpoint_key is not None
    assert "longer than 0 s" in [event for event in events_of(deps, id) if event["type"] == "state"][-1]["reason"]
    run(deps, id)  # here nothing long is taken
    assert job_of(deps, id).fence == left.fence
    lane.only = lane.patience_seconds = None
    run(deps, id)
    told = [event["epoch"] for event in events_of(deps, id) if event["type"] == "epoch"]
    assert told == sorted(set(told))
    run(deps, undisturbed)
    assert weights_of(deps, id) == weights_of(deps, undisturbed)


def test_a_comparison_that_is_not_short_goes_on_in_the_other_lane(make_deps: Callable[..., Deps], lane: Any) -> None:
    deps = make_deps(**STILL)
    X, y = descents.table(6, 20_000, [1, 1000], [0, 0])
    id = comparisons.submitted(deps, comparisons.add_table(deps, X, y), epochs=200, tolerance=1e-5)
    set_lane(deps, id, SHORT)
    lane.only, lane.patience_seconds = SHORT, 0.0
    run(deps, id)
    assert (job_of(deps, id).state, job_of(deps, id).lane, job_of(deps, id).attempt) == ("queued", LONG, 0)


def test_a_file_that_takes_long_goes_on_in_the_other_lane(make_deps: Callable[..., Deps], lane: Any) -> None:
    deps = make_deps(**STILL)
    lines = ["a,b", "1,2,3", *(f"{number},word {number % 97}" for number in range(100_000)), ""]
    blob = deps.blobs.put("\n".join(lines).encode())  # a cell too many: the careful reader, slow
    nothing = {"rows": None, "table_key": None, "profile_key": None, "columns": None, "dialect": None}
    values = {"state": "ingesting", "sha256": blob.key, "bytes": blob.size, "name": "a.csv", "lane": SHORT, **nothing}
    id = samples.dataset(deps, **values).id
    lane.only, lane.patience_seconds = SHORT, 0.05
    ingest.run(deps, id)
    with deps.database.read() as session:
        row = session.get_one(DatasetRow, id)
    assert (row.state, row.lane, row.attempt, row.lease_until) == ("ingesting", LONG, 0, None)
    lane.only = lane.patience_seconds = None
    ingest.run(deps, id)
    assert ingested(deps, id) == "ready"


def _hold(settings: Settings, id: str) -> None:
    """A process of the lane whose work asks for nothing."""
    deps = wire(settings)
    here.only, here.patience_seconds = SHORT, 0.1
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        time.sleep(600)


def test_work_that_does_not_ask_is_taken_away_and_its_process_ends(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(heartbeat_seconds=0.05)
    id = samples.job(deps, lane=SHORT).id
    holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(deps.settings, id), daemon=True)
    holder.start()
    try:
        holder.join(START_SECONDS)
        assert holder.exitcode == 1
    finally:
        holder.kill()
        holder.join()
    row = job_of(deps, id)
    assert (row.state, row.lane, row.attempt, row.lease_until) == ("queued", LONG, 0, None)
    assert row.worked_seconds >= 0.1 * PATIENCES
    (told,) = [event for event in events_of(deps, id) if event["type"] == "state"]
    assert "continues in the lane of long work" in told["reason"]


def test_a_pool_of_the_lane_outlives_work_that_does_not_end(deps: Deps, make_deps: Callable[..., Deps]) -> None:
    """A long job that was taken for a short one, then a short one: the lane gets to it."""
    deps = make_deps(short_job_seconds=0.5)
    dataset = add_dataset(deps)
    wrong = add_job(deps, dataset, epochs=1_000_000)
    set_lane(deps, wrong, SHORT)
    deps.queue.announce(["train", "ingest"])
    with pool(deps.settings, SHORT) as worker:
        deps.queue.send(TRAIN, wrong, SHORT)
        assert eventually(lambda: job_of(deps, wrong).state == "running", START_SECONDS), worker.lines
        short = add_job(deps, dataset, engine="fused", epochs=5)
        assert lane_of(deps, short) == SHORT
        assert eventually(lambda: job_of(deps, short).state == "succeeded", START_SECONDS), worker.lines
        assert (job_of(deps, wrong).state, lane_of(deps, wrong)) == ("queued", LONG)
        stop(worker)
