"""A million rows of CSV in one request to `/predict`: `make bench-bulk`. Adaline, libraries alone, and H2O-3.

Adaline: a CSV of 10 columns is streamed from the disk to `/v1/models/{ref}/predict` over loopback, the CSV that comes
back is on the disk at the end; its numbers are compared with those of numpy. Beside it, in a process of their own,
pyarrow (read and write) and numpy (the product) with the same model; and H2O-3, already started, with models of its own
of the same shape: upload and parsing, predicting, and the download of the predictions as CSV. Each has met 100,000 rows
before. Runs take turns, each when the machine has come to rest after the one before. API memory is the resident set of
all API processes, looked at every 10 ms.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.csv as pacsv

from service.client import Client
from tests.benchmarks import bulk_figures
from tests.benchmarks.bare import FEATURES
from tests.benchmarks.bulk_figures import Turn
from tests.benchmarks.figures import Figure
from tests.benchmarks.peer import h2o_server, has_h2o
from tests.benchmarks.prediction_models import numbers_of, train
from tests.benchmarks.prediction_servers import MODELS, Servers
from tests.benchmarks.streamed import Memory, Refused, exchange

ROWS, WARM_ROWS, PIECE_ROWS = 1_000_000, 100_000, 1_000_000
HIDDEN = (16,)
LOOK_SECONDS, MOST_PERCENT, REST_SECONDS = 0.5, 5, 30


class Workplace:
    """The files of one benchmark, and Adaline with its two models."""

    def __init__(self, directory: Path, servers: Servers) -> None:
        self.directory = directory
        self.models = directory / "models.npz"
        self._url = servers.adaline()
        with Client(self._url, timeout=300) as client:
            train(client, directory, HIDDEN)
            np.savez(self.models, **numbers_of(client))
        servers.settle()
        self._stack = servers.families["adaline"]

    def adaline(self, model: str, rows: Path) -> Turn:
        """Raises Refused."""
        with Memory(self._stack) as memory:
            found = exchange(f"{self._url}/v1/models/{model}/predict", rows, self._answer("adaline", model))
        streamed = found.first_answered < found.last_sent
        return Turn(found.seconds, memory=(memory.before, memory.most, memory.after), is_streamed=streamed)

    def alone(self, model: str, rows: Path) -> Turn:
        command = [sys.executable, "-m", "tests.benchmarks.bulk_alone", model]
        command += [str(path) for path in (self.models, rows, self._answer("alone", model))]
        return Turn(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))

    def check(self, model: str, rows: int) -> None:
        """Raises SystemExit where Adaline and numpy differ; float32 weights and inputs hold seven digits."""
        tables = [pacsv.read_csv(self._answer(system, model)) for system in ("adaline", "alone")]
        found, expected = (table.column("prediction").to_numpy() for table in tables)
        if len(found) != rows or not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
            raise SystemExit(f"{model}: {len(found):,} answers, the first {found[:3]}, where {expected[:3]} is right")

    def _answer(self, system: str, model: str) -> Path:
        return self.directory / f"{system}-{model}.answer.csv"


def h2o_models(training: Path) -> dict[str, Callable[[Path, Path], Turn]]:
    """H2O's own, by the names of ours: a GLM and a network of 16."""
    import h2o
    from h2o.estimators import H2ODeepLearningEstimator, H2OGeneralizedLinearEstimator

    frame = h2o.upload_file(str(training))
    glm = H2OGeneralizedLinearEstimator(family="gaussian")
    network = H2ODeepLearningEstimator(hidden=list(HIDDEN), activation="Rectifier", epochs=2, seed=0)
    estimators = {"linear": glm, "network": network}
    for one in estimators.values():
        one.train(x=list(FEATURES), y="y", training_frame=frame)

    def turn_of(estimator: object) -> Callable[[Path, Path], Turn]:
        def turn(rows: Path, out: Path) -> Turn:
            moments = [time.perf_counter()]
            uploaded = h2o.upload_file(str(rows))
            moments.append(time.perf_counter())
            predicted = estimator.predict(uploaded)  # type: ignore[attr-defined]
            moments.append(time.perf_counter())
            h2o.download_csv(predicted, str(out))
            moments.append(time.perf_counter())
            h2o.remove([uploaded, predicted])
            return Turn(moments[-1] - moments[0], steps=tuple(np.diff(moments).tolist()))

        return turn

    return {name: turn_of(one) for name, one in estimators.items()}


def write_rows(path: Path, rows: int, seed: int) -> Path:
    """Ten columns of numbers with seven decimals: 1,000,000 rows are about 104 MB."""
    draw = np.random.default_rng(seed)
    schema = pa.schema([(name, pa.float64()) for name in FEATURES])
    with path.open("wb") as file:
        file.write(",".join(FEATURES).encode() + b"\n")
        with pacsv.CSVWriter(file, schema, write_options=pacsv.WriteOptions(include_header=False)) as writer:
            for start in range(0, rows, PIECE_ROWS):
                cells = np.round(draw.standard_normal((min(PIECE_ROWS, rows - start), len(FEATURES))), 7)
                writer.write_table(pa.table(list(cells.T), schema=schema))
    return path


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without H2O")
    options = parser.parse_args(arguments)
    compares = has_h2o(options.alone)
    turns: defaultdict[tuple[str, str], list[Turn]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory(prefix="bench-bulk-") as name,
        Servers(Path(name)) as servers,
        ExitStack() as stack,
    ):
        directory = Path(name)
        place = Workplace(directory, servers)
        asked: dict[tuple[str, str], Callable[[Path], Turn]] = {}
        theirs: dict[str, Callable[[Path, Path], Turn]] = {}
        if compares:
            stack.enter_context(h2o_server())
            theirs = h2o_models(directory / "training.csv")
        for model in MODELS:
            asked["adaline", model] = lambda rows, model=model: place.adaline(model, rows)
            asked["alone", model] = lambda rows, model=model: place.alone(model, rows)
            if theirs:
                asked["h2o", model] = lambda rows, model=model: theirs[model](rows, directory / "h2o.csv")
        _run(asked, place, options.rows, options.runs, turns)
    return bulk_figures.told(turns, options.rows)


def _rest() -> None:
    """Until the machine does next to nothing: what one leaves behind (a JVM compiles on) slows no other."""
    deadline = time.monotonic() + REST_SECONDS
    while psutil.cpu_percent(LOOK_SECONDS) > MOST_PERCENT:
        if time.monotonic() > deadline:
            print("the machine does not come to rest: what is measured has company", file=sys.stderr, flush=True)
            return


def _run(
    asked: dict[tuple[str, str], Callable[[Path], Turn]],
    place: Workplace,
    rows: int,
    runs: int,
    turns: dict[tuple[str, str], list[Turn]],
) -> None:
    warm = write_rows(place.directory / "warm.csv", WARM_ROWS, seed=1)
    path = write_rows(place.directory / "rows.csv", rows, seed=2)
    os.sync()  # what the generator has written is not to be waited for by what is measured
    megabytes = path.stat().st_size / 1e6
    print(f"{rows:,} rows of {len(FEATURES)} columns, {megabytes:.0f} MB; {os.cpu_count()} cores, {runs} runs")
    for run in range(-1, runs):
        for (system, model), ask in asked.items():
            _rest()
            try:
                turn = ask(warm if run < 0 else path)
            except Refused as error:
                raise SystemExit(f"{system} refuses {WARM_ROWS if run < 0 else rows:,} rows: {error}") from None
            if run >= 0:
                turns[system, model].append(turn)
                bulk_figures.print_turn(str(run + 1), system, model, turn, rows)
        if run >= 0:
            for model in MODELS:
                place.check(model, rows)


if __name__ == "__main__":
    main()
