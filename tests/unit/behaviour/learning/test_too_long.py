"""A job that is worked on for longer than is allowed ends, says what becomes of what it has, and what to do instead."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from service.store import work
from service.store.tables import JobRow
from service.wiring import Deps
from tests import descents, samples
from tests.chaos.jobs import add_dataset, add_job, events_of, job_of, versions_of
from tests.unit.workers.batch import running as batches
from tests.unit.workers.comparison import running as comparisons
from workers.jobs.dispatch import run
from workers.lease import claimed

FOREVER: dict[str, Any] = {"engine": "autograd", "epochs": 1_000_000, "early_stopping": {"patience": 1_000_000}}


@pytest.fixture
def most_seconds(make_deps: Callable[..., Deps]) -> float:
    """Enough for a short training, with its report, many times over, as fast as this machine is just now."""
    deps = make_deps()
    dataset = add_dataset(deps)
    taken = 0.0
    for _ in range(2):  # the first imports much
        id, began = add_job(deps, dataset, model="warm", **{**FOREVER, "epochs": 2}), time.monotonic()
        run(deps, id)
        taken = time.monotonic() - began
    return 3.0 + 10 * taken


def failure_of(deps: Deps, id: str) -> str:
    job = job_of(deps, id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["code"] == "too_long"
    assert "ADALINE_MAX_JOB_SECONDS" in job.error["detail"]
    assert (job.checkpoint_key, job.lease_until) == (None, None)
    return str(job.error["detail"])


def worked(deps: Deps, id: str, seconds: float) -> None:
    """As if earlier attempts had taken so long."""
    with deps.database.write() as session:
        session.get_one(JobRow, id).worked_seconds = seconds


def test_an_endless_training_ends_and_its_mend_publishes_what_it_has(
    make_deps: Callable[..., Deps], most_seconds: float
) -> None:
    deps = make_deps(max_job_seconds=most_seconds, checkpoint_seconds=0.5)
    dataset = add_dataset(deps)
    id = add_job(deps, dataset, **FOREVER)
    run(deps, id)
    detail = failure_of(deps, id)
    told = re.search(r'weights of epoch (\d+), the best on .*"budget_seconds": ([\d.]+) to end the epochs', detail)
    assert told is not None, detail
    last = [event["epoch"] for event in events_of(deps, id) if event["type"] == "epoch"][-1]
    assert 1 <= int(told[1]) <= last + 100
    assert versions_of(deps) == []
    mended = add_job(deps, dataset, **FOREVER, budget_seconds=float(told[2]))
    run(deps, mended)
    assert (job_of(deps, mended).state, versions_of(deps)) == ("succeeded", [1])


def test_without_early_stopping_the_last_weights_are_named(make_deps: Callable[..., Deps], most_seconds: float) -> None:
    deps = make_deps(max_job_seconds=most_seconds)
    id = add_job(deps, add_dataset(deps), **{**FOREVER, "early_stopping": None})
    run(deps, id)
    assert re.search(r"its weights after epoch \d+ are not published", failure_of(deps, id))


def test_the_time_of_all_attempts_counts(make_deps: Callable[..., Deps]) -> None:
    """Also of those that were given back, and before the first epoch is over."""
    deps = make_deps(max_job_seconds=1000.0)
    dataset = add_dataset(deps)
    id, other = (add_job(deps, dataset, epochs=5) for _ in range(2))
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        assert lease.give_back()
    assert job_of(deps, id).worked_seconds > 0
    worked(deps, id, 1000.5)
    run(deps, id)
    assert "nothing is kept; use fewer rows, columns or weights" in failure_of(deps, id)
    worked(deps, other, 1.0)
    run(deps, other)
    assert job_of(deps, other).state == "succeeded"


def test_other_kinds_of_jobs_end_too(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(max_job_seconds=1.0)
    X, y = descents.table(6, 200, [1, 1000], [0, 0])
    compared = comparisons.submitted(deps, comparisons.add_table(deps, X, y))
    samples.publish(deps, batches.linear({"a": 2.0, "b": -0.5}, 3.0), "m")
    rows = np.random.default_rng(0).normal(size=(1000, 2))
    dataset = batches.add_table(deps, pa.table({"a": rows[:, 0], "b": rows[:, 1]}))
    predicted = batches.submitted(deps, model="m", dataset=dataset)
    for id, mend in ((compared, "fewer rows, columns or epochs"), (predicted, "split the dataset")):
        worked(deps, id, 2.0)
        run(deps, id)
        assert mend in failure_of(deps, id)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_no_bound_and_a_generous_one_change_nothing(make_deps: Callable[..., Deps], seconds: float) -> None:
    deps = make_deps(max_job_seconds=seconds)
    id = add_job(deps, add_dataset(deps), epochs=5)
    worked(deps, id, 1000.0)
    run(deps, id)
    assert job_of(deps, id).state == "succeeded"


def test_a_checkpoint_keeps_the_time_that_was_spent(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps()
    id = samples.job(deps, worked_seconds=10.0).id
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        lease.got_further()
        assert job_of(deps, id).worked_seconds > 10.0
    with deps.database.write() as session:
        assert work.release(session, JobRow, id, job_of(deps, id).fence)
