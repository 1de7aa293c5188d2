"""Small requests to `/predict`: `make bench-predict`. Adaline, a bare Flask view, MLServer and `mlflow models serve`.

All answer for the same two models, a linear neuron and a network of [64, 64] on ten numbers, with the same numbers
(which is checked first). wrk keeps 1, 16 and 64 connections busy with 300 bodies, no two alike, of one row or of a
hundred. In every round each server has its turn in each setting, so that what else the machine does meets all alike;
ratios are those of a round. All servers are up all the while, and idle when it is not their turn. At the end Adaline
and the bare view once more, beside two trainings on Adaline's own workers.

The bare view (`bare.py`) is served as Adaline's API is and checks nothing: what a Flask view costs at the least. MLflow
gets its columns by name (`dataframe_split`), as Adaline and the bare view do, and with 16 connections a second time as
a tensor without names (`inputs`), which it reads faster; MLServer's protocol knows tensors only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from service.client import Client
from tests.benchmarks import predict_figures
from tests.benchmarks.figures import Figure
from tests.benchmarks.predict_figures import HEAVY, Results, Setting
from tests.benchmarks.prediction_models import FEATURES, answers, numbers_of, train
from tests.benchmarks.prediction_servers import MODELS, TENSOR, Servers, Target, check, computed, predictions, records
from tests.benchmarks.wrk import load, require_wrk, write_bodies
from tests.integration.processes import eventually
from tests.tables import write_numbers

HIDDEN = (64, 64)
SYSTEMS = ("adaline", "bare", "mlserver", "mlflow")
BODIES = 300
WARM_SECONDS = 1
TRAINED_ROWS = 200_000
ENDLESS = {
    "network": {"kind": "mlp", "hidden": [64, 64]}, "optimizer": {"kind": "adam", "learning_rate": 1e-5},
    "batch_size": 32, "epochs": 1_000_000, "early_stopping": None, "schedule": "constant",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    rows: Sequence[int]
    connections: Sequence[int]
    seconds: int
    rounds: int


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(SYSTEMS), help="adaline,bare,mlserver,mlflow: some of them")
    parser.add_argument("--connections", default="1,16,64")
    parser.add_argument("--rows", default="1,100", help="in a request")
    options = parser.parse_args(arguments)
    systems = options.only.split(",")
    if unknown := set(systems) - set(SYSTEMS):
        parser.error(f"--only: there is no {', '.join(unknown)}; choose among {', '.join(SYSTEMS)}")
    require_wrk()
    rows, connections = ([int(word) for word in text.split(",")] for text in (options.rows, options.connections))
    plan = Plan(rows, connections, options.seconds, options.rounds)
    print(
        f"{len(FEATURES)} numbers in a row, {os.cpu_count()} cores, {plan.rounds} rounds of {plan.seconds} s a turn; "
        "medians; wrk on the same cores"
    )
    results = Results()
    with tempfile.TemporaryDirectory(prefix="bench-predict-") as name, Servers(Path(name)) as servers:
        _measure(Path(name), servers, systems, plan, results)
    figures = predict_figures.told(results)
    if results.failed:
        raise SystemExit(f"{results.failed:,} requests failed; nothing above counts")
    return figures


def _measure(directory: Path, servers: Servers, systems: Sequence[str], plan: Plan, results: Results) -> None:
    with Client(servers.adaline(), timeout=300) as client:
        train(client, directory, HIDDEN)
        targets = _targets(directory, servers, systems, client)
        paths = _write_rows(directory, targets, plan.rows)
        servers.settle()
        for target in targets:  # whatever is made at first use, compiled or loaded, is there
            load(target.url, paths[target, plan.rows[0]], max(plan.connections), WARM_SECONDS)
        _rounds(targets, paths, plan, results, is_busy=False)
        ours = [target for target in targets if target.system in ("adaline", "bare")]
        if HEAVY in plan.connections:
            with _two_trainings(client, directory, servers.trainers()):
                busy = Plan(plan.rows, [HEAVY], plan.seconds, plan.rounds)
                _rounds(ours, paths, busy, results, is_busy=True)


def _targets(directory: Path, servers: Servers, systems: Sequence[str], client: Client) -> list[Target]:
    """Those that are there; each has given the right numbers for some rows."""
    models = directory / "models.npz"
    numbers = numbers_of(client)
    np.savez(models, **numbers)
    targets = []
    if "adaline" in systems:
        predict = f"{client.url}/v1/models/{{}}/predict"
        targets = [Target("adaline", name, predict.format(name), records, predictions) for name in MODELS]
    for system, start in {"bare": servers.bare, "mlserver": servers.mlserver, "mlflow": servers.mlflow}.items():
        if system not in systems:
            continue
        try:
            targets += start(models)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or error
            print(f"{system} is left out: {said}", flush=True)
    rows = np.random.default_rng(1).standard_normal((100, len(FEATURES)))
    for target in targets:
        for some in (rows[:1], rows):
            check(target, some, answers(numbers, target.model, some))
    return targets


def _write_rows(directory: Path, targets: Sequence[Target], sizes: Sequence[int]) -> dict[tuple[Target, int], Path]:
    """A file of bodies for each server and number of rows: the same rows for all, no two bodies alike."""
    paths = {}
    for size in sizes:
        rows = np.round(np.random.default_rng(size).standard_normal((BODIES, size, len(FEATURES))), 7)
        for target in targets:
            path = directory / f"{target.system}-{target.model}-{size}.bodies"
            paths[target, size] = write_bodies(path, [target.body(some) for some in rows])
    return paths


def _rounds(
    targets: Sequence[Target], paths: dict[tuple[Target, int], Path], plan: Plan, results: Results, is_busy: bool
) -> None:
    for round in range(plan.rounds):
        for rows in plan.rows:
            for connections in plan.connections:
                for target in targets:
                    if target.system == TENSOR and connections != HEAVY:
                        continue  # a variant of a peer: where ratios are wanted
                    one = load(target.url, paths[target, rows], connections, plan.seconds)
                    results.add(Setting(target.system, target.model, rows, connections, is_busy), one)
        print(f"round {round + 1}{' beside two trainings' if is_busy else ''}", file=sys.stderr, flush=True)


@contextmanager
def _two_trainings(client: Client, directory: Path, trainers: psutil.Process) -> Iterator[None]:
    """Both of the stack's trainings under way, for as long as it takes; prints what they had of the cores."""
    table = client.upload(write_numbers(directory / "endless.csv", TRAINED_ROWS, len(FEATURES)))
    spec = {"dataset": table.id, "model": "endless", "target": "y", **ENDLESS}
    jobs = [client.submit(spec | {"seed": seed}).id for seed in range(2)]
    try:
        if not eventually(lambda: all((client.job(job).progress or {}).get("epoch", 0) for job in jobs)):
            raise SystemExit("the two trainings do not run at once; has this machine one core?")
        began, before = time.monotonic(), computed(trainers)
        yield
        cores = (computed(trainers) - before) / (time.monotonic() - began)
        print(f"beside their load the two trainings had {cores:.2f} cores")
        if any(client.job(job).is_terminal for job in jobs):
            raise SystemExit("a training ended before the measurement beside it")
    finally:
        for job in jobs:
            client.cancel(job)


if __name__ == "__main__":
    main()
