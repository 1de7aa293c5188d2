"""Whether jobs side by side slow each other: `make bench-jobs`. Two at once on a stack's own workers, beside one alone.

Each is timed from its POST to `succeeded`; two are timed from the first POST to the later end. Runs take turns, so that
what else the machine does meets both. Networks of several sizes: small ones live in a core's cache, wide ones share the
memory with their neighbour.

Beside them what the machine itself gives: two processes that multiply matrices of a core's own cache, and share neither
memory nor disk, beside one. Where others use the cores as well, the later of two ends is that of the core which is
slower just then; the fastest runs of each are those that others disturbed least.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, wait
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


def seconds(client: Client, spec: dict, jobs: int, seed: int) -> float:
    """Until so many jobs, posted one after the other, have all succeeded."""
    began = time.perf_counter()
    posted = [client.submit(spec | {"seed": seed + number}) for number in range(jobs)]
    for job in posted:
        ended = client.wait(job.id)
        if ended.state != "succeeded":
            raise SystemExit(f"not trained: {ended}")
    return time.perf_counter() - began


def multiply(products: int) -> None:
    """What a core does alone."""
    use_one_thread()
    a = np.ones((SIZE, SIZE), dtype=np.float32)
    out = np.empty_like(a)
    for _ in range(products):
        np.dot(a, a, out)


def machine_seconds(cores: Executor, processes: int) -> float:
    """Until so many processes have multiplied."""
    began = time.perf_counter()
    wait([cores.submit(multiply, PRODUCTS) for _ in range(processes)])
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    figures = []
    singles, pairs = [], []
    print(f"{ROWS:,} rows of {FEATURES} numbers, {os.cpu_count()} cores; seconds from POST to succeeded, medians")
    ratios = f"{'ratio':>9}{'of fastest':>12}{'wanted':>9}{'the machine':>14}{'of fastest':>12}"
    print(f"{'hidden':14}{'one job':>10}{'two at once':>14}{ratios}")
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
                alone, together = [], []
                for run in range(options.runs):
                    alone.append(seconds(client, spec, 1, run))
                    together.append(seconds(client, spec, 2, run))
                    singles.append(machine_seconds(cores, 1))
                    pairs.append(machine_seconds(cores, 2))
                ours, machine = (alone, together), (singles[-options.runs :], pairs[-options.runs :])
                task = str(list(hidden) or "linear")
                print(
                    f"{task:14}{statistics.median(alone):9.2f}s{statistics.median(together):13.2f}s"
                    f"{_ratio(*ours):9.2f}{_of_fastest(*ours):12.2f}{WANTED:9.2f}"
                    f"{_ratio(*machine):14.2f}{_of_fastest(*machine):12.2f}",
                    flush=True,
                )
                figures.append(_figure(f"two jobs at once, {task}", alone, together))
    return [*figures, _figure("two processes that only multiply matrices, meanwhile", singles, pairs)]


def _ratio(alone: Sequence[float], together: Sequence[float]) -> float:
    """Of rounds, the median."""
    return statistics.median(two / one for one, two in zip(alone, together, strict=True))


def _of_fastest(alone: Sequence[float], together: Sequence[float]) -> float:
    return min(together) / min(alone)


def _figure(what: str, alone: Sequence[float], together: Sequence[float]) -> Figure:
    one, two = statistics.median(alone), statistics.median(together)
    return Figure(what, f"{two:.2f} s", "one of them alone", f"{one:.2f} s", 1 / _ratio(alone, together))


if __name__ == "__main__":
    main()
