"""What keys and metrics cost whoever predicts and trains: two whole stacks side by side, asked in turns.

One is asked with a key, and its metrics are read as often as docker-compose.yml's Prometheus reads them; the other is
as it is on loopback. Ratios are those of a round, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import http.client
import statistics
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import yaml

from service.client import Client
from tests.benchmarks.bench_small import FEATURES as SMALL_FEATURES
from tests.benchmarks.bench_small import ROWS as SMALL_ROWS
from tests.benchmarks.bench_small import train_seconds
from tests.benchmarks.prediction_models import FEATURES, train
from tests.benchmarks.prediction_servers import MODELS, REPOSITORY, Servers, free_port, records
from tests.benchmarks.wrk import load, require_wrk, write_bodies
from tests.integration.processes import repeated
from tests.tables import write_numbers

BODIES, CONNECTIONS, SECONDS, HIDDEN = 300, 16, 2, (64, 64)


@dataclass(frozen=True)
class Side:
    """A stack, how it is asked, and a table on it to train on."""

    url: str
    authorization: str | None
    table: str

    def rate(self, model: str, bodies: Path) -> float:
        """Predictions a second."""
        found = load(f"{self.url}/v1/models/{model}/predict", bodies, CONNECTIONS, SECONDS, self.authorization)
        if found.failed:
            raise SystemExit(f"{found.failed:,} predictions failed at {self.url}")
        return found.rate

    def jobs(self, count: int, first_seed: int) -> float:
        """Seconds that so many small trainings take, one after the other."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        spec = {"dataset": self.table, "model": "small", "target": "y"}
        headers = {} if self.authorization is None else {"Authorization": self.authorization}
        seconds = [train_seconds(connection, spec | {"seed": first_seed + one}, headers) for one in range(count)]
        connection.close()
        return sum(seconds)


def measure(directory: Path, rounds: int, jobs: int) -> None:
    """Prints the ratios: above 1, the side with a key is the slower one."""
    require_wrk()
    with _side(directory / "without", has_key=False) as without, _side(directory / "with", has_key=True) as with_key:
        for rows in (1, 100):
            numbers = np.round(np.random.default_rng(rows).standard_normal((BODIES, rows, len(FEATURES))), 7)
            bodies = write_bodies(directory / f"{rows}.bodies", [records(some) for some in numbers])
            for model in MODELS:
                for side in (without, with_key):
                    side.rate(model, bodies)  # whatever is made at first use is there
                ratios = [without.rate(model, bodies) / with_key.rate(model, bodies) for _ in range(rounds)]
                _tell(f"predictions, {model}, {rows} {'row' if rows == 1 else 'rows'}, time", ratios)
        ratios = []
        for side in (without, with_key):
            side.jobs(jobs, 0)
        for round in range(1, rounds + 1):
            ratios.append(with_key.jobs(jobs, round * jobs) / without.jobs(jobs, round * jobs))
        _tell(f"{jobs} small trainings, time", ratios)


def _tell(what: str, ratios: list[float]) -> None:
    low, high = min(ratios), max(ratios)
    print(f"{what} with a key and metrics: {statistics.median(ratios):.3f} times ({low:.3f} to {high:.3f})", flush=True)


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
            yield Side(url, None if key is None else f"Bearer {key}", table)


@contextmanager
def _read_metrics(port: int) -> Iterator[None]:
    """As Prometheus does, as often as it is told to."""
    configured = yaml.safe_load((REPOSITORY / "service/monitoring/prometheus.yaml").read_text())
    seconds = float(configured["global"]["scrape_interval"].removesuffix("s"))
    where = f"http://127.0.0.1:{port}/metrics"
    with httpx.Client() as client, repeated(seconds, lambda: client.get(where).raise_for_status()):
        yield
