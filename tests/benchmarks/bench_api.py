"""`make bench-api`: how soon the API answers and a first training ends, what memory it holds, and what a 115 MB upload
does to it."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from service.client import Client
from tests.benchmarks.stack import stack
from tests.integration.test_api_process import memory
from tests.tables import write_numbers

ROUNDS = 3
MB = 1e6


def main() -> None:
    rows = [_round(number) for number in range(ROUNDS)]
    table = Table("", *(f"run {number + 1}" for number in range(ROUNDS)), "median")
    for label in rows[0]:
        values = [row[label] for row in rows]
        table.add_row(label, *(f"{value:.2f}" for value in values), f"{statistics.median(values):.2f}")
    Console(highlight=False).print(table)


def _round(seed: int) -> dict[str, float]:
    """A fresh stack, one large upload."""
    with tempfile.TemporaryDirectory(prefix="adaline-bench-") as name:
        path = write_numbers(Path(name) / "numbers.csv", rows=1_000_000, columns=10, seed=seed)
        began = time.perf_counter()
        with stack(Path(name) / "data") as (_, url):
            listening = time.perf_counter() - began
            with Client(url, timeout=60) as client:
                small = client.upload(b"a,b\n" + b"".join(b"%d,%d\n" % (n, 2 * n) for n in range(100)), name="warm")
                read = time.perf_counter() - began
                client.train(small, "b", "first")
                trained = time.perf_counter() - began
                before = memory(url) / MB
                began = time.perf_counter()
                client.upload(path)
                seconds = time.perf_counter() - began
                grown = memory(url) / MB - before
        return {
            "API answers after (s)": listening,
            "first upload read after (s)": read,
            "first training ended after (s)": trained,
            "API memory (MB)": before,
            "upload (MB)": path.stat().st_size / MB,
            "first byte to ready (s)": seconds,
            "API memory grown (MB)": grown,
        }


if __name__ == "__main__":
    main()
