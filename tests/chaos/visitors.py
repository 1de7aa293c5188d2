"""Many clients for some minutes, by locust: `make visitors`. They predict, read, upload and train, each with pauses.

They give way to all else that the machine does, as if they had machines of their own. Told are failures (there must
be none), the API's memory before and after, and how long predictions take at the 99th percentile: those of one more
client, that does not give way, beside what they take it on an idle server.
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
from tests.integration.processes import api_of, give_way

MB = 1_000_000
ROWS, IDLE_SECONDS, SETTLE_SHARE = 200, 15, 0.2
MODEL = "visited"


def visit(url: str, who: str, clients: int, seconds: int, told_in: Path) -> subprocess.Popen[bytes]:
    """locust with so many users of the class `who`, in a session of its own."""
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "tests/chaos/visitor.py"), who, "--headless", "--host", url,
        "--users", str(clients), "--spawn-rate", "20", "--run-time", f"{seconds}s", "--stop-timeout", "60",
        "--csv", str(told_in), "--only-summary",
    ]  # fmt: skip
    told = {"VISITED_MODEL": MODEL, "VISITED_ROWS": str(ROWS), "VISITED_TOOK": f"{told_in}.took"}
    return subprocess.Popen(command, env=os.environ | told, start_new_session=True)


def slowest(told_in: Path, what: str = "took") -> float:
    """The 99th percentile, in milliseconds, of what predictions took them, or of how late they were themselves."""
    return float(np.percentile(np.loadtxt(f"{told_in}.{what}"), 99))


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
            with visit(url, "Alone", 1, IDLE_SECONDS, directory / "idle") as idle:
                idle.wait()
            seen: list[tuple[float, int]] = []
            began = time.monotonic()
            with (
                visit(url, "Visitor", options.clients, options.seconds, directory / "visitors") as many,
                visit(url, "Alone", 1, options.seconds, directory / "among") as among,
            ):
                give_way([psutil.Process(many.pid)])
                while many.poll() is None or among.poll() is None:
                    api = api_of(psutil.Process(running.process.pid))
                    seen.append((time.monotonic() - began, sum(one.memory_info().rss for one in api)))
                    time.sleep(1.0)
            lost = [one for one in running.descendants if one.status() == psutil.STATUS_ZOMBIE]
        tell(directory, seen, options.seconds)
    codes = [one.returncode for one in (idle, many, among)]
    if any(codes) or lost:
        sys.exit(f"locust ended with {codes}, {len(lost)} processes had died")


def tell(directory: Path, seen: list[tuple[float, int]], seconds: float) -> None:
    with (directory / "visitors_stats.csv").open() as file:
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
    for who, words in (("idle", "one client, alone"), ("among", "it, among the others"), ("visitors", "the others")):
        took, late_itself = slowest(directory / who), slowest(directory / who, "late")
        print(
            f"predictions of {words}: p99 {took:.1f} ms; p99 of how late the client is by itself {late_itself:.1f} ms"
        )
    times = slowest(directory / "among") / slowest(directory / "idle")
    print(f"among the others they take {times:.1f} times as long, at p99")


if __name__ == "__main__":
    main()
