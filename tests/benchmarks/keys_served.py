"""What keys and metrics cost whoever predicts and trains: two whole stacks side by side, asked in turns.

One is asked with a key, and its metrics are read as often as docker-compose.yml's Prometheus reads them; the other is
as it is on loopback. Each is asked first as often as second. Of predictions the best rounds of several pairs of stacks
are compared: connections are new in each round, and where most of them come to one of the API's processes, it takes up
to twice as long; and two stacks that do the same differ by up to a fifth, as long as they live.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import numpy as np
import yaml

from service.client import Client
from tests.benchmarks.bench_small import FEATURES as SMALL_FEATURES
from tests.benchmarks.bench_small import ROWS as SMALL_ROWS
from tests.benchmarks.bench_small import train_seconds
from tests.benchmarks.prediction_models import FEATURES, train
from tests.benchmarks.prediction_servers import MODELS, REPOSITORY, Servers, computed, free_port, records
from tests.benchmarks.wrk import load, require_wrk, write_bodies
from tests.integration.processes import repeated
from tests.tables import write_numbers

BODIES, CONNECTIONS, SECONDS, HIDDEN, ROWS = 300, 16, 1, (64, 64), (1, 100)
Case = tuple[str, int]
"""A model, and how many rows are sent at a time."""


class Predicted(NamedTuple):
    """Predictions a second, and the stack's processor time for one, in microseconds."""

    rate: float
    microseconds: float


@dataclass(frozen=True)
class Side:
    """A stack, how it is asked, and a table on it to train on."""

    servers: Servers
    url: str
    authorization: str | None
    table: str

    def predict(self, model: str, bodies: Path) -> Predicted:
        """Ask for a second, and wait until all of it is logged and counted too."""
        stack = self.servers.families["adaline"]
        before = computed(stack)
        found = load(f"{self.url}/v1/models/{model}/predict", bodies, CONNECTIONS, SECONDS, self.authorization)
        if found.failed:
            raise SystemExit(f"{found.failed:,} predictions failed at {self.url}")
        self.servers.settle()
        return Predicted(found.rate, 1e6 * (computed(stack) - before) / (found.rate * SECONDS))

    def jobs(self, count: int, first_seed: int) -> float:
        """Seconds that so many small trainings take, one after the other."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        spec = {"dataset": self.table, "model": "small", "target": "y"}
        headers = {} if self.authorization is None else {"Authorization": self.authorization}
        seconds = [train_seconds(connection, spec | {"seed": first_seed + one}, headers) for one in range(count)]
        connection.close()
        return sum(seconds)


def measure(directory: Path, pairs: int, jobs: int) -> None:
    """Prints the ratios: above 1, the side with a key is the slower one."""
    require_wrk()
    bodies = {rows: _bodies(directory, rows) for rows in ROWS}
    found: dict[Case, tuple[list[Predicted], list[Predicted]]] = {case: ([], []) for case in product(MODELS, ROWS)}
    trained: list[float] = []
    for pair in range(pairs):
        where = directory / str(pair)
        where.mkdir()
        with _side(where / "without", has_key=False) as without, _side(where / "with", has_key=True) as with_key:
            sides = (without, with_key)
            for (model, rows), both in found.items():
                for side in sides:
                    side.predict(model, bodies[rows])  # whatever is made at first use is there
                for number in (0, 1, 1, 0):
                    both[number].append(sides[number].predict(model, bodies[rows]))
            for side in sides:
                side.jobs(jobs, 0)
            trained.append(with_key.jobs(jobs, jobs) / without.jobs(jobs, jobs))
    for (model, rows), both in found.items():
        rates = [max(one.rate for one in some) for some in both]
        costs = [min(one.microseconds for one in some) for some in both]
        longer = f"{rates[0] / rates[1]:.3f} times as long ({rates[0]:,.0f} a second without, {rates[1]:,.0f} with)"
        dearer = f"{costs[1] / costs[0]:.3f} times the processor time ({costs[0]:.1f} us without, {costs[1]:.1f} with)"
        print(f"predictions, {model}, {rows} row(s), with a key and metrics: {longer}, {dearer}")
    times = f"{median(trained):.3f} times as long with a key and metrics ({min(trained):.3f} to {max(trained):.3f})"
    print(f"{jobs} small trainings: {times}", flush=True)


def _bodies(directory: Path, rows: int) -> Path:
    numbers = np.round(np.random.default_rng(rows).standard_normal((BODIES, rows, len(FEATURES))), 7)
    return write_bodies(directory / f"{rows}.bodies", [records(some) for some in numbers])


@contextmanager
def _side(directory: Path, has_key: bool) -> Iterator[Side]:
    directory.mkdir()
    with Servers(directory) as servers:
        port = free_port()
        url = servers.adaline(**({"ADALINE_METRICS_PORT": str(port)} if has_key else {}))
        with Client(url) as client:
            key = client.create_key("bench", ["admin"]).key if has_key else None
        with Client(url, timeout=300, key=key) as client:
            train(client, directory, HIDDEN)
            table = client.upload(write_numbers(directory / "small.csv", SMALL_ROWS, SMALL_FEATURES, seed=0)).id
        servers.settle()
        with _read_metrics(port) if has_key else nullcontext():
            yield Side(servers, url, None if key is None else f"Bearer {key}", table)


@contextmanager
def _read_metrics(port: int) -> Iterator[None]:
    """As Prometheus does, as often as it is told to."""
    configured = yaml.safe_load((REPOSITORY / "service/monitoring/prometheus.yaml").read_text())
    seconds = float(configured["global"]["scrape_interval"].removesuffix("s"))
    where = f"http://127.0.0.1:{port}/metrics"
    with httpx.Client() as client, repeated(seconds, lambda: client.get(where).raise_for_status()):
        yield
