"""The watch of a worker: it says that it serves once it can, ends when it is deaf, and bears with being busy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from service.domain.jobs.lanes import SHORT
from service.queue import TRAIN
from service.wiring import Deps
from tests.chaos.jobs import add_dataset, add_job, job_of
from tests.chaos.pool import REPOSITORY, START_SECONDS, pool, processes_of
from tests.integration.processes import Running, eventually, started
from workers.pool.watch import FAILURE

# a worker that stops listening to its queues once it is up, with a connection that looks whole
DEAF = """
from celery.signals import worker_ready
from service.settings import Settings
from workers.app import run_worker

@worker_ready.connect(weak=False)
def stop_listening(sender, **_):
    sender.task_consumer.cancel()
    print("deaf now", flush=True)

raise SystemExit(run_worker(Settings.from_environment(), ["train"], 1))
"""
ENDLESS = {"epochs": 1_000_000}


pytestmark = pytest.mark.usefixtures("empty_queues")


def serves(deps: Deps) -> bool:
    return deps.queue.served()[TRAIN.queue]


def test_a_worker_that_hears_nothing_ends_so_that_it_is_started_again(deps: Deps) -> None:
    settings = deps.settings.to_environment({})
    with started([sys.executable, "-c", DEAF], settings | {"OMP_NUM_THREADS": "1"}, REPOSITORY) as worker:
        worker.until("deaf now")
        assert eventually(lambda: serves(deps), START_SECONDS)  # its process is free
        id = add_job(deps, add_dataset(deps), epochs=1)
        assert worker.process.wait(START_SECONDS) == FAILURE
        assert worker.wait() == FAILURE
    assert any("nothing was taken" in line for line in worker.lines)
    assert (job_of(deps, id).state, deps.queue.waiting(TRAIN)) == ("queued", 1)  # nothing is lost


def test_a_worker_says_that_it_serves_once_a_process_is_ready_and_no_more_when_it_is_gone(deps: Deps) -> None:
    with pool(deps.settings, TRAIN.queue) as worker:
        assert not serves(deps)
        worker.until("ready")  # the parent is: its process imports and rehearses
        assert eventually(lambda: serves(deps), START_SECONDS)
        # what it says is true: the process has compiled its kernels and rehearsed, so it has its memory
        (process,) = [one for one in processes_of(worker) if "semaphore_tracker" not in " ".join(one.cmdline())]
        assert "torch" in " ".join(one.path for one in process.memory_maps())
        worker.process.kill()
        assert eventually(lambda: not serves(deps))


def test_a_worker_that_is_busy_for_longer_than_its_watch_waits_goes_on(deps: Deps) -> None:
    """With work waiting, and no process free."""
    dataset = add_dataset(deps)
    first, second = add_job(deps, dataset, **ENDLESS), add_job(deps, dataset, **ENDLESS)
    with pool(deps.settings, TRAIN.queue) as worker:
        assert eventually(lambda: "running" in {job_of(deps, id).state for id in (first, second)}, START_SECONDS)
        running = first if job_of(deps, first).state == "running" else second
        epoch = (job_of(deps, running).progress or {}).get("epoch", 0)
        with pytest.raises(subprocess.TimeoutExpired):  # so long that the watch would have ended it
            worker.process.wait(15)
        assert (job_of(deps, running).progress or {}).get("epoch", 0) > epoch
        assert deps.queue.waiting(TRAIN) == 1


def interrupted(worker: Running) -> int:
    """As by Ctrl-C on a terminal: the signal reaches the whole group."""
    os.killpg(worker.process.pid, signal.SIGINT)
    return worker.wait()


def test_ctrl_c_on_a_worker_by_itself_gives_its_job_back(deps: Deps) -> None:
    id = add_job(deps, add_dataset(deps), **ENDLESS)
    with pool(deps.settings, "train", is_group=True) as worker:
        assert eventually(lambda: (job_of(deps, id).progress or {}).get("epoch", 0) >= 2, START_SECONDS)
        family = processes_of(worker)
        assert interrupted(worker) == 0, "\n".join(worker.lines)
    row = job_of(deps, id)
    assert (row.state, row.attempt, row.lease_until) == ("queued", 0, None)
    assert row.checkpoint_key is not None
    assert not [line for line in worker.lines if "Traceback" in line or '"level": "error"' in line]
    assert eventually(lambda: not any(one.is_running() for one in family))


@pytest.mark.parametrize("role", ["train", SHORT])
def test_ctrl_c_on_a_worker_that_does_nothing_ends_it(deps: Deps, role: str) -> None:
    deps.queue.announce(["train", "ingest"])
    with pool(deps.settings, role, is_group=True) as worker:
        worker.until("ready")
        assert interrupted(worker) == 0, "\n".join(worker.lines)
    assert not [line for line in worker.lines if "Traceback" in line]
