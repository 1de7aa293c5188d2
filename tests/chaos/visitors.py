"""Many clients for some minutes, by locust: `make visitors`. They predict, read, upload and train, each with pauses.

Told are failures (there must be none), the API's memory before and after, and how long predictions take at the 99th
percentile beside what they take the same client on an idle server.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from service.client import Client
from tests.benchmarks.stack import HERE, settled_stack
from tests.integration.processes import api_of

MB = 1_000_000
ROWS, IDLE_SECONDS, SETTLE_SHARE = 200, 15, 0.2
MODEL = "visited"


def visit(url: str, who: str, clients: int, seconds: int, directory: Path) -> subprocess.Popen[bytes]:
    """locust with so many users of the class `who`."""
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "tests/chaos/visitor.py"), who, "--headless", "--host", url,
        "--users", str(clients), "--spawn-rate", "20", "--run-time", f"{seconds}s", "--stop-timeout", "60",
        "--csv", str(directory / who), "--only-summary",
    ]  # fmt: skip
    told = {"VISITED_MODEL": MODEL, "VISITED_ROWS": str(ROWS), "VISITED_TOOK": str(directory / f"{who}.took")}
    return subprocess.Popen(command, env=os.environ | told)


def slowest(directory: Path, who: str, what: str = "took") -> float:
    """The 99th percentile, in milliseconds, of what predictions took them, or of how late they were themselves."""
    return float(np.percentile(np.loadtxt(directory / f"{who}.{what}"), 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visitors-") as name:
        directory = Path(name)
        with settled_stack(directory / "data") as (running, url):
            with Client(url, timeout=60) as client:
                numbers = np.random.default_rng(1).random((2000, 2))
                rows = "".join(f"{x:.6f},{z:.6f},{2 * x - z:.6f}\n" for x, z in numbers)
                dataset = client.upload(f"x,z,y\n{rows}".encode(), name="visited").id
                client.train(dataset, "y", MODEL, network={"kind": "linear"})
            with visit(url, "Alone", 1, IDLE_SECONDS, directory) as alone:
                alone.wait()
            seen: list[tuple[float, int]] = []
            began = time.monotonic()
            with visit(url, "Visitor", options.clients, options.seconds, directory) as many:
                while many.poll() is None:
                    api = api_of(psutil.Process(running.process.pid))
                    seen.append((time.monotonic() - began, sum(one.memory_info().rss for one in api)))
                    time.sleep(1.0)
            lost = [one for one in running.descendants if one.status() == psutil.STATUS_ZOMBIE]
        tell(directory, seen, options.seconds)
    if alone.returncode or many.returncode or lost:
        sys.exit(f"locust ended with {alone.returncode} and {many.returncode}, {len(lost)} processes had died")


def tell(directory: Path, seen: list[tuple[float, int]], seconds: float) -> None:
    with (directory / "Visitor_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    for name, row in rows.items():
        print(
            f"{name:<12} {int(row['Request Count']):>8,} requests {int(row['Failure Count']):>4} failed, median "
            f"{float(row['50%']):>6.0f} ms, p99 {float(row['99%']):>6.0f} ms, longest "
            f"{float(row['Max Response Time']):>6.0f} ms"
        )
    early = [size for at, size in seen if SETTLE_SHARE * seconds <= at <= 2 * SETTLE_SHARE * seconds]
    late = [size for at, size in seen if at >= (1 - SETTLE_SHARE) * seconds]
    second, last = np.median(early) / MB, np.median(late) / MB
    print(f"memory of the API: {second:,.0f} MB in the second fifth, {last:,.0f} MB in the last")
    idle, busy = slowest(directory, "Alone"), slowest(directory, "Visitor")
    print(f"predictions, p99: idle {idle:.1f} ms, among the others {busy:.1f} ms: {busy / idle:.1f} times")
    lates = (slowest(directory, who, "late") for who in ("Alone", "Visitor"))
    print("of which the clients are late by themselves, p99: {:.1f} ms and {:.1f} ms".format(*lates))


if __name__ == "__main__":
    main()
