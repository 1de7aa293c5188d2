"""From the first byte to the first prediction: `make bench-http`. Adaline and H2O-3, each through its own client.

A CSV of 1,000,000 rows and 10 columns is uploaded, a network with 16 neurons is trained on it, and one row is
predicted. Held-out rows that neither has seen say what each model is worth: a mean squared error of 0.15 is asked for,
0.09 is the noise. Both servers are up, and new: the race is the first thing that each of them sees. H2O runs twice:
with the fewest whole epochs that suffice here, for whoever knows them, and with the number that it takes by itself.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from service.client import Client
from tests.benchmarks.bench_ingest import touch_memory
from tests.benchmarks.figures import Figure
from tests.benchmarks.peer import h2o_server, has_h2o
from tests.benchmarks.stack import settled_stack

ROWS, HELD_OUT_ROWS, FEATURES = 1_000_000, 100_000, 10
NOISE, ASKED_MSE = 0.3, 0.15
STEPS = ("upload", "training", "prediction")
SPEC: dict[str, Any] = {
    "network": {"kind": "mlp", "hidden": [16]},
    "optimizer": {"kind": "adam", "learning_rate": 0.005},
    "batch_size": 64,
    "schedule": "cosine",
    "epochs": 2,
}
H2O: dict[str, dict[str, float]] = {"H2O-3, 2 epochs": {"epochs": 2}, "H2O-3, defaults": {}}

Times = list[float]
Columns = dict[str, list[float]]
Numbers = npt.NDArray[np.float64]


def write_table(path: Path, rows: int, seed: int) -> Path:
    """A linear part, a sine, a product with a relu, and noise."""
    draw = np.random.default_rng(seed)
    inputs = np.round(draw.standard_normal((rows, FEATURES)), 7)
    target = inputs @ np.linspace(-1, 1, FEATURES) + np.sin(3 * inputs[:, 0])
    target += inputs[:, 1] * np.maximum(inputs[:, 2], 0) + NOISE * draw.standard_normal(rows)
    names = [*(f"x{number}" for number in range(FEATURES)), "y"]
    pacsv.write_csv(pa.table([*inputs.T, np.round(target, 7)], names=names), path)
    return path


def held_out_rows(path: Path) -> tuple[Columns, Numbers]:
    """Features by name, and the target."""
    rows = pacsv.read_csv(path)
    return rows.drop_columns(["y"]).to_pydict(), rows.column("y").to_numpy()


def adaline(directory: Path, path: Path, inputs: Columns, truth: Numbers) -> tuple[Times, float]:
    """Seconds of each step on a new stack, and the mean squared error on the held-out rows."""
    first = {name: values[:1] for name, values in inputs.items()}
    with settled_stack(directory) as (_, url), Client(url, timeout=600) as client:
        touch_memory()
        moments = [time.perf_counter()]
        dataset = client.upload(path)
        moments.append(time.perf_counter())
        version = client.train(dataset, "y", "race", **SPEC)
        moments.append(time.perf_counter())
        client.predict("race", first)
        moments.append(time.perf_counter())
        predicted = np.array(client.predict("race", inputs))
        if len(dataset.columns) != FEATURES + 1 or version.version != 1:
            raise SystemExit("another race was run")
    return np.diff(moments).tolist(), mse(predicted, truth)


def h2o(path: Path, inputs: Columns, truth: Numbers, options: dict[str, float]) -> tuple[Times, float]:
    """The same of a new H2O."""
    first = {name: values[:1] for name, values in inputs.items()}
    import h2o
    from h2o.estimators import H2ODeepLearningEstimator

    with h2o_server():
        touch_memory()
        moments = [time.perf_counter()]
        frame = h2o.upload_file(str(path))
        moments.append(time.perf_counter())
        training, validation = frame.split_frame([0.8], seed=0)
        model = H2ODeepLearningEstimator(hidden=[16], activation="Rectifier", seed=0, **options)
        model.train(x=frame.names[:-1], y="y", training_frame=training, validation_frame=validation)
        moments.append(time.perf_counter())
        _numbers(model.predict(h2o.H2OFrame(first)))
        moments.append(time.perf_counter())
        predicted = _numbers(model.predict(h2o.H2OFrame(inputs)))
    return np.diff(moments).tolist(), mse(predicted, truth)


def _numbers(frame: Any) -> Numbers:
    """The only column of an H2O frame."""
    rows = frame.as_data_frame(use_pandas=False, header=False)
    return np.array([float(cell) for (cell,) in rows])


def mse(predicted: Numbers, truth: Numbers) -> float:
    return float(np.mean((predicted - truth) ** 2))


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--alone", action="store_true", help="without H2O")
    options = parser.parse_args(arguments)
    compares = has_h2o(options.alone)
    print(f"{options.rows:,} rows of {FEATURES} columns, {os.cpu_count()} cores, {options.runs} runs on new servers")
    print(f"{'run':8}{'':18}" + "".join(f"{name:>13}" for name in (*STEPS, "together", "held-out MSE")))
    runs: dict[str, list[tuple[Times, float]]] = {}
    for run in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="bench-http-") as name:
            path = write_table(Path(name) / "rows.csv", options.rows, seed=2 * run)
            inputs, truth = held_out_rows(write_table(Path(name) / "held-out.csv", HELD_OUT_ROWS, seed=2 * run + 1))
            os.sync()  # what the generator has written is not to be waited for by what is measured
            found = {"Adaline": adaline(Path(name) / "data", path, inputs, truth)}
            if compares:
                found |= {system: h2o(path, inputs, truth, settings) for system, settings in H2O.items()}
        for system, (seconds, error) in found.items():
            runs.setdefault(system, []).append((seconds, error))
            _print_row(str(run + 1), system, seconds, error)
    together = {system: statistics.median(sum(seconds) for seconds, _ in ones) for system, ones in runs.items()}
    for system, ones in runs.items():
        steps = [statistics.median(step) for step in zip(*(seconds for seconds, _ in ones), strict=True)]
        _print_row("median", system, steps, statistics.median(error for _, error in ones), together[system])
    figures = []
    for system in list(together)[1:]:
        ratio = together[system] / together["Adaline"]
        print(f"Adaline is {ratio:.2f} times as fast as {system}")
        what = f"a CSV of {options.rows:,} rows over HTTP to the first prediction (MSE at most {ASKED_MSE})"
        figures.append(Figure(what, f"{together['Adaline']:.2f} s", system, f"{together[system]:.1f} s", ratio))
    return figures


def _print_row(run: str, system: str, seconds: Sequence[float], error: float, together: float | None = None) -> None:
    told = (*seconds, sum(seconds) if together is None else together)
    verdict = "" if error <= ASKED_MSE else f"  more than {ASKED_MSE}"
    print(f"{run:8}{system:18}" + "".join(f"{one:11.2f} s" for one in told) + f"{error:13.4f}{verdict}", flush=True)


if __name__ == "__main__":
    main()
