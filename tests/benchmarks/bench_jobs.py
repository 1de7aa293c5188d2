"""Whether jobs side by side slow each other: `make bench-jobs`. Two at once on a stack's own workers, beside one alone.

Each is timed from its POST to `succeeded`; two are timed from the first POST to the later end. Runs take turns, so that
what else the machine does meets both. Networks of several sizes: small ones live in a core's cache, wide ones share the
memory with their neighbour.

Beside them what the machine itself gives: two processes that multiply matrices of a core's own cache, and share neither
memory nor disk, beside one. Where others use the cores as well, the later of two ends is that of the core which is
slower just then; so `each` tells how long one of two takes, by its own end, beside one alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.client import Client
from tests.benchmarks.figures import Figure
from tests.benchmarks.stack import stack
from tests.tables import write_numbers
from workers.training.threads import use_one_thread

FEATURES = 10
WANTED = 1.15
# hidden layers, rows in a step, epochs: some seconds each
TASKS = [((), 32, 240), ((16,), 64, 80), ((128, 128), 256, 8), ((512, 512), 256, 1)]
ROWS = 500_000
SIZE, PRODUCTS = 128, 40_000  # about two seconds of a core


@dataclass(frozen=True)
class Round:
    """Seconds until one thing has ended that runs alone; until the later of two has that run at once, and the mean of
    their ends."""

    alone: float
    both: float
    each: float


def seconds(client: Client, spec: dict, jobs: int, seed: int) -> tuple[float, float]:
    """Until so many jobs, posted one after the other, have all succeeded, and the mean of their own seconds."""
    began = time.perf_counter()
    posted = [client.submit(spec | {"seed": seed + number}) for number in range(jobs)]
    ended = [client.wait(job.id) for job in posted]
    taken = time.perf_counter() - began
    if any(job.state != "succeeded" for job in ended):
        raise SystemExit(f"not trained: {ended}")
    return taken, statistics.fmean((job.finished_at - job.created_at).total_seconds() for job in ended)


def multiply(products: int) -> None:
    """What a core does alone."""
    use_one_thread()
    a = np.ones((SIZE, SIZE), dtype=np.float32)
    out = np.empty_like(a)
    for _ in range(products):
        np.dot(a, a, out)


def machine_seconds(cores: Executor, processes: int) -> tuple[float, float]:
    """Until so many processes have multiplied, and the mean of their ends."""
    began = time.perf_counter()
    ends = [
        time.perf_counter() - began for _ in as_completed([cores.submit(multiply, PRODUCTS) for _ in range(processes)])
    ]
    return ends[-1], statistics.fmean(ends)


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    figures = []
    every = []
    print(f"{ROWS:,} rows of {FEATURES} numbers, {os.cpu_count()} cores; seconds from POST to succeeded, medians")
    print(f"{'':39}{'both beside one':>20}{'each of two beside one':>30}")
    print(f"{'hidden':14}{'one job':>10}{'two at once':>15}{'jobs':>8}{'machine':>12}{'jobs':>18}{'machine':>12}")
    with (
        tempfile.TemporaryDirectory(prefix="bench-jobs-") as name,
        ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as cores,
    ):
        wait([cores.submit(multiply, 1) for _ in range(4)])  # both processes are there
        table = write_numbers(Path(name) / "table.csv", ROWS, FEATURES, seed=0)
        with stack(Path(name) / "data") as (_, url), Client(url) as client:
            dataset = client.upload(table)
            for hidden, batch, epochs in TASKS:
                network = {"kind": "mlp", "hidden": list(hidden)} if hidden else {"kind": "linear"}
                spec = {
                    "dataset": dataset.id, "model": "race", "target": "y", "network": network, "batch_size": batch,
                    "optimizer": {"kind": "adam", "learning_rate": 1e-3}, "epochs": epochs, "early_stopping": None,
                }  # fmt: skip
                seconds(client, spec, 2, 0)  # both processes have seen the table once
                jobs, machine = [], []
                for run in range(options.runs):
                    alone, _ = seconds(client, spec, 1, run)
                    jobs.append(Round(alone, *seconds(client, spec, 2, run)))
                    alone, _ = machine_seconds(cores, 1)
                    machine.append(Round(alone, *machine_seconds(cores, 2)))
                every += machine
                task = str(list(hidden) or "linear")
                one, two = (
                    statistics.median(values) for values in zip(*((r.alone, r.both) for r in jobs), strict=True)
                )
                both, each = ([_ratio(rounds, name) for rounds in (jobs, machine)] for name in ("both", "each"))
                print(
                    f"{task:14}{one:9.2f}s{two:14.2f}s{both[0]:8.2f}{both[1]:12.2f}{each[0]:18.2f}{each[1]:12.2f}",
                    flush=True,
                )
                figures.append(_figure(f"two jobs at once, {task}", jobs))
    print(f"wanted: at most {WANTED}")
    return [*figures, _figure("two processes that only multiply matrices, meanwhile", every)]


def _ratio(rounds: Sequence[Round], name: str) -> float:
    """To what takes so long alone, in the same round; the median."""
    return statistics.median(getattr(one, name) / one.alone for one in rounds)


def _figure(what: str, rounds: Sequence[Round]) -> Figure:
    one, two = statistics.median(each.alone for each in rounds), statistics.median(each.both for each in rounds)
    return Figure(what, f"{two:.2f} s", "one of them alone", f"{one:.2f} s", 1 / _ratio(rounds, "both"))


if __name__ == "__main__":
    main()
