"""How long a small job takes: `make bench-small`. 500 rows, a linear neuron; Adaline and H2O-3 side by side.

Adaline is timed from the POST of the spec to the answer that says `succeeded`, its version published with certificate,
report, pictures and card; H2O from the call of `train` on a GLM to its end. Both servers are up, and have the table.

H2O's client asks for the end of a job at once and then after 0.2 s: a call takes 12 to 40 ms or 215 to 330 ms. On a new
server most take the longer time, as long as its JVM has not compiled what they run; later it is a quarter to a half of
them, by chance. So a server's first jobs and its later ones are told apart, and the mean, which is what many jobs take
one after the other, beside the median.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.client import Client
from tests.benchmarks.figures import Figure
from tests.benchmarks.peer import h2o_server, has_h2o
from tests.benchmarks.stack import settled_stack
from tests.tables import write_numbers

ROWS, FEATURES = 500, 10
FIRST = 20  # jobs of a server
PARTS = {"first": slice(FIRST), "later": slice(FIRST, None)}


def adaline_seconds(directory: Path, table: Path, jobs: int) -> list[float]:
    """Of each job, on a new stack."""
    with settled_stack(directory) as (_, url):
        with Client(url) as client:
            dataset = client.upload(table)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        spec = {"dataset": dataset.id, "model": "small", "target": "y"}
        seconds = [train_seconds(connection, spec | {"seed": number}) for number in range(jobs)]
        connection.close()
    return seconds


def train_seconds(
    connection: http.client.HTTPConnection, spec: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> float:
    """From the POST of a spec to the answer that it succeeded."""
    began = time.perf_counter()
    said = {"Content-Type": "application/json", "Prefer": "wait=30", **(headers or {})}
    connection.request("POST", "/v1/jobs", body=json.dumps(spec), headers=said)
    job = json.loads(connection.getresponse().read())
    seconds = time.perf_counter() - began
    if job.get("state") != "succeeded":
        raise SystemExit(f"not trained: {job}")
    return seconds


def h2o_seconds(table: Path, jobs: int) -> list[float]:
    """Of each train call, on a new server."""
    import h2o
    from h2o.estimators import H2OGeneralizedLinearEstimator

    with h2o_server():
        frame = h2o.upload_file(str(table))
        training, validation = frame.split_frame([0.8], seed=0)
        seconds = []
        for number in range(jobs):
            began = time.perf_counter()
            model = H2OGeneralizedLinearEstimator(family="gaussian", seed=number)
            model.train(x=frame.names[:-1], y="y", training_frame=training, validation_frame=validation)
            seconds.append(time.perf_counter() - began)
    return seconds


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="new servers of each")
    parser.add_argument("--jobs", type=int, default=100, help=f"on each, more than {FIRST}")
    parser.add_argument("--alone", action="store_true", help="without H2O")
    options = parser.parse_args(arguments)
    if options.jobs <= FIRST:
        parser.error(
            f"--jobs must be more than {FIRST}: the first {FIRST} of a server are told apart from its later ones"
        )
    compares = has_h2o(options.alone)
    print(f"{ROWS} rows of {FEATURES} numbers, a linear model, {os.cpu_count()} cores; {options.jobs} jobs a run")
    print(f"{'run':8}{'':10}{'jobs':8}{'mean':>11}{'median':>11}{'fastest':>11}{'slowest':>11}")
    every: dict[str, dict[str, list[float]]] = {}
    for run in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="bench-small-") as name:
            table = write_numbers(Path(name) / "small.csv", ROWS, FEATURES, seed=run)
            found = {"Adaline": adaline_seconds(Path(name) / "data", table, options.jobs)}
            if compares:
                found["H2O"] = h2o_seconds(table, options.jobs)
        for system, seconds in found.items():
            for part, which in PARTS.items():
                every.setdefault(part, {}).setdefault(system, []).extend(seconds[which])
                _print_row(str(run + 1), system, part, seconds[which])
    figures = []
    for part, by_system in every.items():
        for system, seconds in by_system.items():
            _print_row("all", system, part, seconds)
        if compares:
            figures += _figures(part, *by_system.values())
    return figures


def _figures(part: str, ours: list[float], theirs: list[float]) -> list[Figure]:
    """By the mean and by the median, of a server's first or later jobs."""
    figures = []
    for name, statistic in (("mean", statistics.fmean), ("median", statistics.median)):
        own, other = statistic(ours), statistic(theirs)
        which = f"a server's {'first' if part == 'first' else 'jobs after its first'} {FIRST}"
        what = f"POST of a job ({ROWS} rows, linear) to succeeded, {name} of {which}"
        figures.append(Figure(what, f"{1000 * own:.0f} ms", "H2O-3's GLM", f"{1000 * other:.0f} ms", other / own))
    print(f"{'all':8}{'ratio':10}{part:8}" + "".join(f"{figure.ratio:11.2f}" for figure in figures))
    return figures


def _print_row(run: str, system: str, part: str, seconds: list[float]) -> None:
    told = (statistics.fmean(seconds), statistics.median(seconds), min(seconds), max(seconds))
    print(f"{run:8}{system:10}{part:8}" + "".join(f"{1000 * one:8.1f} ms" for one in told), flush=True)


if __name__ == "__main__":
    main()
