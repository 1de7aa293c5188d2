"""This tree beside an earlier commit: `make bench-beside BEFORE=<commit>`. Over HTTP alone, so that any two commits do.

Both stacks are up at once, on data of their own, and take turns: the one that has its turn first changes from round to
round. What is compared was measured in the same round; a figure is the median of the rounds' ratios, this tree's time
by the earlier commit's, with the quartiles of the ratios: below 1 this tree is faster. Both trees use the packages that
are installed here.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np

from service.client import Client
from tests.benchmarks.bare import FEATURES
from tests.benchmarks.bench_ingest import upload
from tests.benchmarks.prediction_models import train
from tests.benchmarks.prediction_servers import records
from tests.benchmarks.stack import settled_stack
from tests.benchmarks.wrk import load, require_wrk, write_bodies
from tests.tables import write_numbers

HERE = Path(__file__).parents[2]
HIDDEN = [64, 64]
TRAININGS: dict[str, dict] = {  # some tenths of a second each
    "linear SGD, batch 32": {
        "network": {"kind": "linear"},
        "optimizer": {"kind": "sgd"},
        "batch_size": 32,
        "epochs": 400,
    },
    "[16] Adam, batch 32": {"network": {"kind": "mlp", "hidden": [16]}, "batch_size": 32, "epochs": 60},
    "[128, 128] Adam, batch 256": {"network": {"kind": "mlp", "hidden": [128, 128]}, "batch_size": 256, "epochs": 2},
}
SMALL_JOBS, CONNECTIONS = 10, 16
WIDTH = 40


@dataclass(eq=False)
class Side:
    """A stack of one tree. `tables` holds the dataset that is trained on by its number of rows, `same_work` what asks
    for one training, as trees before refits had it."""

    url: str
    client: Client
    directory: Path
    tables: dict[int, str] = field(default_factory=dict)
    same_work: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    def train(self, rows: int, **spec: object) -> float:
        """Seconds that the epochs of one training took."""
        self.seed += 1
        spec = {**spec, **self.same_work, "early_stopping": None}
        version = self.client.train(self.tables[rows], "y", "m", seed=self.seed, **spec)
        report = self.client.report("m", version.version)
        return sum(epoch["seconds"] for epoch in report["history"])

    def small(self) -> float:
        """Seconds from the POST of a job to its version, the mean of some."""
        began = time.perf_counter()
        for _ in range(SMALL_JOBS):
            self.seed += 1
            self.client.train(self.tables[500], "y", "small", seed=self.seed, **self.same_work)
        return (time.perf_counter() - began) / SMALL_JOBS

    def ingest(self, rows: int) -> float:
        """Seconds from the first byte to `ready`, of a file that no one has seen."""
        self.seed += 1
        return upload(self.url, write_numbers(self.directory / "new.csv", rows, 11, seed=self.seed))

    def predict(self, model: str, bodies: Path, seconds: int) -> float:
        """Seconds a request."""
        found = load(f"{self.url}/v1/models/{model}/predict", bodies, CONNECTIONS, seconds)
        if found.failed:
            raise SystemExit(f"{found.failed:,} requests failed; nothing counts")
        return 1 / found.rate


@contextmanager
def side(tree: Path, directory: Path) -> Iterator[Side]:
    """A stack of the code in `tree`, with what the turns need."""
    directory.mkdir()
    with settled_stack(directory / "data", tree=tree) as (_, url), Client(url, timeout=600) as client:
        made = Side(url, client, directory)
        for rows in (500, 131_072):
            made.tables[rows] = client.upload(write_numbers(directory / f"{rows}.csv", rows, 8)).id
        train(client, directory, HIDDEN)
        once = {"refit": "never"}
        asked = {"dataset": made.tables[500], "target": "y", "model": "small", **once}
        if httpx.post(f"{url}/v1/jobs/validate", json=asked).is_success:
            made.same_work = once
        yield made


def turns(rows: int, seconds: int, directory: Path) -> dict[str, Callable[[Side], float]]:
    """What is measured, by name."""
    made: dict[str, Callable[[Side], float]] = {
        f"train: {name}": partial(Side.train, rows=131_072, **spec) for name, spec in TRAININGS.items()
    }
    made["small: a job of 500 rows"] = Side.small
    made[f"ingest: {rows:,} rows of 11 numbers"] = partial(Side.ingest, rows=rows)
    numbers = np.random.default_rng(1).standard_normal((100, len(FEATURES)))
    for model in ("linear", "network"):
        for count in (1, 100):
            bodies = write_bodies(directory / f"{model}-{count}", [records(numbers[:count])])
            made[f"predict: {model}, {count} rows"] = partial(Side.predict, model=model, bodies=bodies, seconds=seconds)
    return made


def unpack(commit: str, directory: Path) -> Path:
    """The files of a commit. Raises SystemExit where there is none of that name."""
    done = subprocess.run(["git", "archive", commit], cwd=HERE, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(directory, filter="data")
    return directory


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="a commit")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1, help="of a turn of predictions")
    parser.add_argument("--rows", type=int, default=200_000, help="of the file that is ingested")
    parser.add_argument("--only", default="", help="what begins so: train, small, ingest or predict")
    options = parser.parse_args(arguments)
    require_wrk()
    with tempfile.TemporaryDirectory(prefix="bench-beside-") as name, ExitStack() as stacks:
        root = Path(name)
        before = stacks.enter_context(side(unpack(options.before, root / "tree"), root / "before"))
        after = stacks.enter_context(side(HERE, root / "after"))
        print(f"{os.cpu_count()} cores, {options.rounds} rounds; seconds here, seconds before, and their ratio")
        for title, turn in turns(options.rows, options.seconds, root).items():
            if title.startswith(options.only):
                _told(title, _measured(turn, before, after, options.rounds))


def _measured(turn: Callable[[Side], float], before: Side, after: Side, rounds: int) -> list[tuple[float, float]]:
    """Seconds after and before, of each round but the first, which warms both."""
    found = []
    for number in range(rounds + 1):
        taken = {one: turn(one) for one in ((before, after) if number % 2 else (after, before))}
        found.append((taken[after], taken[before]))
    return found[1:]


def _told(title: str, found: Sequence[tuple[float, float]]) -> None:
    ratios = sorted(ours / theirs for ours, theirs in found)
    low, middle, high = statistics.quantiles(ratios, n=4)
    ours, theirs = (statistics.median(values) for values in zip(*found, strict=True))
    print(f"{title:{WIDTH}}{ours:10.5f}{theirs:10.5f}{middle:8.3f} ({low:.3f} to {high:.3f})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
