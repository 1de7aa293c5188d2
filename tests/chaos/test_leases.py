"""Jobs that nothing can lose: workers are killed, paused, stopped and told to give up, and the outcome is the same."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.queue import TRAIN
from service.settings import Settings
from service.store.blobs.store import read_blob
from service.usecases.cancel import cancel
from service.wiring import Deps
from tests.chaos.jobs import (
    add_dataset,
    add_job,
    events_of,
    job_of,
    pause,
    versions_of,
    wait_for_epoch,
    wait_for_lease_to_end,
    wait_until,
    weights_of,
    worker,
)
from workers.jobs.dispatch import run
from workers.sweeper import sweep
from workers.training import checkpoint

pytestmark = pytest.mark.usefixtures("empty_queues")

LEASE_SECONDS = 1.5
PROMPT_SECONDS = 60.0  # on a loaded machine; the work itself would go on for much longer


@pytest.fixture
def deps(make_deps: Callable[..., Deps]) -> Deps:
    """Short leases, and checkpoints one after the other."""
    return make_deps(lease_seconds=LEASE_SECONDS, heartbeat_seconds=0.1, checkpoint_seconds=0.05, max_attempts=2)


@pytest.fixture
def settings(deps: Deps) -> Settings:
    return deps.settings


def test_a_killed_workers_job_is_finished_by_another_from_its_checkpoint_to_the_same_weights(
    deps: Deps, settings: Settings
) -> None:
    dataset = add_dataset(deps)
    id = add_job(deps, dataset)
    with worker(settings, id) as process:
        wait_for_epoch(deps, id, 10)
        os.kill(process.pid or 0, signal.SIGKILL)
    saved = checkpoint.read(read_blob(deps.blobs, job_of(deps, id).checkpoint_key or "")).epoch
    run(deps, id)  # nothing can be taken while the lease holds
    assert job_of(deps, id).attempt == 1
    wait_for_lease_to_end(deps, id)
    sweep(deps)
    assert (job_of(deps, id).state, deps.queue.waiting(TRAIN)) == ("queued", 1)  # one message for one job that waits
    run(deps, id)
    events = events_of(deps, id)
    lost = next(number for number, event in enumerate(events) if event.get("reason") == "its worker was lost")
    assert min(event["epoch"] for event in events[lost:] if event["type"] == "epoch") == saved + 1 > 1
    assert [event["attempt"] for event in events if event.get("state") == "running"] == [1, 2]
    assert job_of(deps, id).attempt == 1  # since it last got further
    undisturbed = add_job(deps, dataset)
    run(deps, undisturbed)
    assert weights_of(deps, id) == weights_of(deps, undisturbed)


def test_a_job_that_gets_further_each_time_outlives_more_deaths_than_it_has_attempts(
    deps: Deps, settings: Settings
) -> None:
    id = add_job(deps, add_dataset(deps), epochs=200)
    for _ in range(4):
        before = job_of(deps, id).checkpoint_key
        with worker(settings, id) as process:
            wait_until(lambda before=before: job_of(deps, id).checkpoint_key not in (None, before), "a new checkpoint")
            os.kill(process.pid or 0, signal.SIGKILL)
        wait_for_lease_to_end(deps, id)
        sweep(deps)
        assert job_of(deps, id).state == "queued"
    run(deps, id)
    assert job_of(deps, id).state == "succeeded"


def test_a_killed_workers_table_on_the_disk_is_made_again_and_leads_to_the_same_weights(
    make_deps: Callable[..., Deps],
) -> None:
    """A cancel is answered as promptly there."""
    deps = make_deps(
        lease_seconds=LEASE_SECONDS, heartbeat_seconds=0.1, checkpoint_seconds=0.0, training_memory_bytes=2**21
    )
    dataset = add_dataset(deps, rows=60_000, more=298)  # 72 MB: more than is in memory whatever the setting is
    spool = deps.settings.data / "blobs" / "spool"
    slow = {"engine": "fused", "batch_size": 16, "epochs": 8, "network": {"kind": "mlp", "hidden": [16]}}
    id = add_job(deps, dataset, **slow)
    with worker(deps.settings, id) as process:
        wait_for_epoch(deps, id, 2)
        os.kill(process.pid or 0, signal.SIGKILL)
    assert "kept on disk" in str([event.get("text") for event in events_of(deps, id)])
    left = {path.name: path.stat().st_size for path in spool.rglob("*")}  # a checkpoint may have been cut off, no table
    assert not {name: size for name, size in left.items() if size > 2**20}
    saved = checkpoint.read(read_blob(deps.blobs, job_of(deps, id).checkpoint_key or "")).epoch
    wait_for_lease_to_end(deps, id)
    sweep(deps)
    run(deps, id)
    told = [event["epoch"] for event in events_of(deps, id) if event["type"] == "epoch"]
    assert 1 < saved + 1 <= max(told)
    assert job_of(deps, id).attempt == 1
    undisturbed = add_job(deps, dataset, **slow)
    run(deps, undisturbed)
    assert weights_of(deps, id) == weights_of(deps, undisturbed)
    endless = add_job(deps, dataset, **{**slow, "epochs": 100_000})
    with worker(deps.settings, endless):
        wait_for_epoch(deps, endless, 1)
        asked = time.monotonic()
        cancel(deps.database, deps.changes, DEFAULT_OWNER, endless)
        wait_until(lambda: job_of(deps, endless).state == "cancelled", "the end of the job")
        assert time.monotonic() - asked < PROMPT_SECONDS


def test_a_worker_that_slept_past_its_lease_writes_nothing(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps))
    with worker(settings, id) as process:
        wait_for_epoch(deps, id, 5)
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
    assert (after.state, after.fence, after.progress, after.result) == (
        finished.state,
        finished.fence,
        finished.progress,
        finished.result,
    )
    assert events_of(deps, id) == told
    assert versions_of(deps) == [1]


def test_a_worker_that_slept_within_its_lease_goes_on(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps))
    with worker(settings, id) as process:
        wait_for_epoch(deps, id, 5)
        pause(process, deps)
        time.sleep(LEASE_SECONDS / 5)
        os.kill(process.pid or 0, signal.SIGCONT)
        wait_until(lambda: job_of(deps, id).state == "succeeded", "the end of the job")
    assert job_of(deps, id).attempt == 1


def test_a_heartbeat_keeps_the_lease_of_a_job_longer_than_it(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps), epochs=100_000)
    with worker(settings, id):
        wait_for_epoch(deps, id, 1)
        ends = time.monotonic() + 2 * LEASE_SECONDS
        while time.monotonic() < ends:
            sweep(deps)
            assert (job_of(deps, id).state, job_of(deps, id).fence) == ("running", 1)
            time.sleep(0.1)


def test_a_cancelled_job_ends_promptly_and_publishes_nothing(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps), epochs=100_000)
    with worker(settings, id) as process:
        wait_for_epoch(deps, id, 3)
        asked = time.monotonic()
        assert cancel(deps.database, deps.changes, DEFAULT_OWNER, id).state == "cancelling"
        wait_until(lambda: job_of(deps, id).state == "cancelled", "the end of the job")
        assert time.monotonic() - asked < PROMPT_SECONDS
        process.join(PROMPT_SECONDS)
        assert process.exitcode == 0
    job = job_of(deps, id)
    assert (job.checkpoint_key, job.lease_until, job.model_version) == (None, None, None)
    assert job.finished_at is not None
    assert [event["state"] for event in events_of(deps, id) if event["type"] == "state"] == [
        "queued",
        "running",
        "cancelling",
        "cancelled",
    ]
    assert versions_of(deps) == []


def test_a_job_cancelled_while_its_worker_is_dead_ends_as_cancelled(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps), epochs=100_000)
    with worker(settings, id):
        wait_for_epoch(deps, id, 1)
    cancel(deps.database, deps.changes, DEFAULT_OWNER, id)
    wait_for_lease_to_end(deps, id)
    run(deps, id)  # a message that comes late takes up nothing
    assert job_of(deps, id).state == "cancelling"
    sweep(deps)
    assert job_of(deps, id).state == "cancelled"


def test_a_job_whose_workers_all_die_fails_at_last_with_the_reason(deps: Deps, settings: Settings) -> None:
    id = add_job(deps, add_dataset(deps), epochs=100_000)
    for _ in range(2):
        assert job_of(deps, id).state == "queued"
        with worker(settings, id):
            wait_until(lambda: job_of(deps, id).state == "running", "the start of the job")
        wait_for_lease_to_end(deps, id)
        sweep(deps)
    job = job_of(deps, id)
    assert (job.state, job.attempt, job.lease_until) == ("failed", 2, None)
    assert job.error is not None
    assert job.error["code"] == "worker_lost"
    assert "2 times without progress" in job.error["detail"]
    run(deps, id)
    sweep(deps)
    assert (job_of(deps, id).state, job_of(deps, id).attempt) == ("failed", 2)
    assert versions_of(deps) == []


def test_a_stopping_worker_gives_its_job_back_at_no_cost(deps: Deps, stopping: threading.Event) -> None:
    id = add_job(deps, add_dataset(deps))
    thread = threading.Thread(target=run, args=(deps, id))
    thread.start()
    wait_for_epoch(deps, id, 3)
    stopping.set()
    thread.join(PROMPT_SECONDS)
    given_back = job_of(deps, id)
    assert (given_back.state, given_back.attempt, given_back.lease_until) == ("queued", 0, None)
    stopping.clear()
    run(deps, id)
    assert job_of(deps, id).attempt == 1
    assert len(weights_of(deps, id)) == 64


def test_ten_messages_for_one_job_are_one_run(deps: Deps) -> None:
    id = add_job(deps, add_dataset(deps), epochs=10)
    threads = [threading.Thread(target=run, args=(deps, id)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (job_of(deps, id).state, job_of(deps, id).attempt) == ("succeeded", 1)
    assert versions_of(deps) == [1]
