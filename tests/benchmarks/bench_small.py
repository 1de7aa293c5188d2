"""How long a small job takes: `make bench-small`. 500 rows, a linear neuron; Adaline and H2O-3 side by side.

Adaline is timed from the POST of the spec to the answer that says `succeeded`, its version published with certificate,
report, pictures and card; H2O from the call of `train` on a GLM to its end. Both servers have been up for a while and
have trained before, on the same table.

H2O's client asks for the end of a job at once and then after 0.2 s: a call takes 12 to 40 ms or 215 to 330 ms, and
chance decides which, for a quarter to a half of the calls on a server that has been up for a while, and for most on a
new one. So the mean is told, which is what many jobs take one after the other, and the median beside it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from service.client import Client
from tests.benchmarks.figures import Figure
from tests.benchmarks.peer import h2o_server, has_h2o
from tests.benchmarks.stack import settled_stack
from tests.tables import write_numbers

ROWS, FEATURES = 500, 10


def adaline_seconds(directory: Path, table: Path, warm: int, jobs: int) -> list[float]:
    """Of each job, on a new stack, after `warm` others."""
    with settled_stack(directory) as (_, url):
        with Client(url) as client:
            dataset = client.upload(table)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        spec = {"dataset": dataset.id, "model": "small", "target": "y"}
        seconds = [_train(connection, spec | {"seed": number}) for number in range(warm + jobs)][warm:]
        connection.close()
    return seconds


def _train(connection: http.client.HTTPConnection, spec: dict) -> float:
    began = time.perf_counter()
    headers = {"Content-Type": "application/json", "Prefer": "wait=30"}
    connection.request("POST", "/v1/jobs", body=json.dumps(spec), headers=headers)
    job = json.loads(connection.getresponse().read())
    seconds = time.perf_counter() - began
    if job.get("state") != "succeeded":
        raise SystemExit(f"not trained: {job}")
    return seconds


def h2o_seconds(table: Path, warm: int, jobs: int) -> list[float]:
    """Of each train call, on a new server, after `warm` others."""
    import h2o
    from h2o.estimators import H2OGeneralizedLinearEstimator

    with h2o_server():
        frame = h2o.upload_file(str(table))
        training, validation = frame.split_frame([0.8], seed=0)
        seconds = []
        for number in range(warm + jobs):
            began = time.perf_counter()
            model = H2OGeneralizedLinearEstimator(family="gaussian", seed=number)
            model.train(x=frame.names[:-1], y="y", training_frame=training, validation_frame=validation)
            seconds.append(time.perf_counter() - began)
    return seconds[warm:]


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="new servers of each")
    parser.add_argument("--jobs", type=int, default=100, help="timed on each")
    parser.add_argument("--warm", type=int, default=5, help="before them, untimed")
    parser.add_argument("--alone", action="store_true", help="without H2O")
    options = parser.parse_args(arguments)
    compares = has_h2o(options.alone)
    print(f"{ROWS} rows of {FEATURES} numbers, a linear model, {os.cpu_count()} cores; {options.jobs} jobs a run")
    print(f"{'run':8}{'':10}{'mean':>11}{'median':>11}{'fastest':>11}{'slowest':>11}")
    every: dict[str, list[float]] = {}
    for run in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="bench-small-") as name:
            table = write_numbers(Path(name) / "small.csv", ROWS, FEATURES, seed=run)
            found = {"Adaline": adaline_seconds(Path(name) / "data", table, options.warm, options.jobs)}
            if compares:
                found["H2O"] = h2o_seconds(table, options.warm, options.jobs)
        for system, seconds in found.items():
            every.setdefault(system, []).extend(seconds)
            _print_row(str(run + 1), system, seconds)
    for system, seconds in every.items():
        _print_row("all", system, seconds)
    if not compares:
        return []
    figures, ratios = [], []
    for name, statistic in (("mean", statistics.fmean), ("median", statistics.median)):
        ours, theirs = (statistic(seconds) for seconds in every.values())
        what = f"POST of a job ({ROWS} rows, linear) to succeeded, {name} of {len(every['H2O'])}"
        figures.append(Figure(what, f"{1000 * ours:.0f} ms", "H2O-3's GLM", f"{1000 * theirs:.0f} ms", theirs / ours))
        ratios.append(theirs / ours)
    print(f"{'all':8}{'ratio':10}" + "".join(f"{ratio:11.2f}" for ratio in ratios))
    return figures


def _print_row(run: str, system: str, seconds: list[float]) -> None:
    told = (statistics.fmean(seconds), statistics.median(seconds), min(seconds), max(seconds))
    print(f"{run:8}{system:10}" + "".join(f"{1000 * one:8.1f} ms" for one in told), flush=True)


if __name__ == "__main__":
    main()
