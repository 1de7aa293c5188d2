"""Batch predictions whose workers are killed, at any moment and again, end with the bytes of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from service.store.blobs.store import read_blob
from service.wiring import Deps
from tests import samples
from tests.chaos.jobs import events_of, job_of, pause, wait_for_lease_to_end, wait_until, worker
from tests.unit.workers.batch.running import add_table, content, submitted
from workers.jobs.dispatch import run
from workers.sweeper import sweep
from workers.tidying import tidy

LEASE_SECONDS = 1.5
PROMPT_SECONDS = 5.0
ROWS = 100_000
KILLS = 4
LATEST_SECONDS = 0.2  # after a part was kept, the next kill


@pytest.fixture
def deps(make_deps: Callable[..., Deps]) -> Deps:
    """Short leases, and parts one after the other."""
    return make_deps(lease_seconds=LEASE_SECONDS, heartbeat_seconds=0.1, checkpoint_seconds=0.1, max_attempts=KILLS + 1)


def prepared(deps: Deps) -> str:
    """A dataset with gaps, and a network so large that its answers take a few seconds."""
    net = Network((3, 500, 500, 3))
    draw = np.random.default_rng(0)
    features = (Feature("a", "numeric"), Feature("b", "numeric", fill=0.0, indicator=True))
    predictor = Predictor(
        "multiclass",
        "y",
        FittedTransform(features, np.arange(3), np.zeros(3), np.ones(3)),
        net,
        (draw.normal(size=net.n_parameters) / 20).astype(np.float32),
        classes=("one", "two, or more", "three"),
    )
    samples.publish(deps, predictor, "m")
    cells = {name: pa.array(draw.normal(size=ROWS), mask=draw.random(ROWS) < 0.01) for name in ("a", "b")}
    return add_table(deps, pa.table(cells), group_rows=30_000)


def kept_rows(deps: Deps, id: str) -> int:
    return sum(part["rows"] for part in (job_of(deps, id).result or {}).get("parts", ()))


def is_running(deps: Deps, id: str) -> bool:
    return job_of(deps, id).state == "running"


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_prediction_killed_again_and_again_ends_with_the_same_bytes(deps: Deps, format: str) -> None:
    dataset = prepared(deps)
    undisturbed = submitted(deps, model="m", dataset=dataset, format=format)
    run(deps, undisturbed)
    draw = random.Random(format)
    id = submitted(deps, model="m", dataset=dataset, format=format)
    kept = [0]
    for number in range(1, KILLS + 1):
        with worker(deps.settings, id) as process:
            goal = number * ROWS // 8
            wait_until(lambda goal=goal: is_running(deps, id) and kept_rows(deps, id) >= goal, "the next part")
            time.sleep(draw.uniform(0, LATEST_SECONDS))
            assert is_running(deps, id)
            os.kill(process.pid or 0, signal.SIGKILL)
        kept.append(kept_rows(deps, id))
        wait_for_lease_to_end(deps, id)
        sweep(deps)
        assert job_of(deps, id).state == "queued"
    assert kept == sorted(kept)  # nothing that was kept is lost
    assert 0 < kept[-1] < ROWS
    run(deps, id)
    job = job_of(deps, id)
    assert job.result == job_of(deps, undisturbed).result
    assert [event.get("state") for event in events_of(deps, id)].count("running") == KILLS + 1
    assert content(deps, job) == content(deps, job_of(deps, undisturbed))
    texts = [event.get("text") for event in events_of(deps, id)]
    assert f"continues after row {kept[-1]:,}" in texts


def test_a_worker_that_slept_past_its_lease_changes_nothing(deps: Deps) -> None:
    id = submitted(deps, model="m", dataset=prepared(deps))
    with worker(deps.settings, id) as process:
        wait_until(lambda: kept_rows(deps, id), "the first part")
        pause(process, deps)
        wait_for_lease_to_end(deps, id)
        sweep(deps)
        run(deps, id)
        finished, told = job_of(deps, id), events_of(deps, id)
        assert finished.state == "succeeded"
        os.kill(process.pid or 0, signal.SIGCONT)
        process.join(PROMPT_SECONDS)
        assert process.exitcode == 0
    after = job_of(deps, id)
    assert (after.state, after.fence, after.result, after.progress) == (
        finished.state, finished.fence, finished.result, finished.progress,
    )  # fmt: skip
    assert events_of(deps, id) == told


def test_what_a_killed_worker_leaves_is_swept_and_the_result_stays(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(
        lease_seconds=LEASE_SECONDS, heartbeat_seconds=0.1, checkpoint_seconds=0.1, max_attempts=2, orphan_seconds=0.0
    )
    dataset = prepared(deps)
    tidy(deps)
    before = set(deps.blobs.keys(0))
    id = submitted(deps, model="m", dataset=dataset)
    with worker(deps.settings, id) as process:
        wait_until(lambda: kept_rows(deps, id), "the first part")
        os.kill(process.pid or 0, signal.SIGKILL)
    tidy(deps)
    parts = {part["key"] for part in (job_of(deps, id).result or {})["parts"]}
    assert set(deps.blobs.keys(0)) == before | parts
    wait_for_lease_to_end(deps, id)
    sweep(deps)
    run(deps, id)
    tidy(deps)
    result = job_of(deps, id).result or {}
    assert set(deps.blobs.keys(0)) == before | {result["sha256"]}
    assert len(read_blob(deps.blobs, result["sha256"])) == result["bytes"]
