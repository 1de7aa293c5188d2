"""How fast a file becomes a dataset: `make bench-ingest`. Adaline and H2O-3 side by side, on the same files.

Each run starts both anew and gives each the same files, which it has never seen: the first one as a new server meets
it, and later ones. Adaline is timed from the first byte of the request to the answer that says `ready`, with its
profile and everything safe on the disk; H2O from the call of `upload_file` to its end, parsed in memory. H2O comes from
its wheel and needs a Java runtime; without either it is left out.

A virtual machine gives free memory back to its host, and gets it again page by page, at several times the cost of the
copy into it. Before each file, for both systems, so much memory is touched that this is not what is measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import mmap
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.figures import Figure
from tests.benchmarks.peer import h2o_server, has_h2o
from tests.benchmarks.stack import peak_bytes, settled_stack
from tests.integration.processes import Running
from tests.tables import write_numbers

BLOCK = 1024 * 1024
TOUCHED_BYTES = 1024 * BLOCK
MEMORY_ROWS = (5_250_000, 10_500_000)  # 0.6 GB and 1.2 GB


@contextmanager
def adaline(directory: Path) -> Iterator[tuple[Running, str]]:
    """A new stack with its data in `directory`, and its address."""
    with settled_stack(directory, ADALINE_WORKER_PROCESSES="1") as (running, url):
        yield running, url


def touch_memory() -> None:
    """Have the machine own as much free memory as one file may need."""
    with mmap.mmap(-1, TOUCHED_BYTES) as memory:
        for place in range(0, TOUCHED_BYTES, mmap.PAGESIZE):
            memory[place] = 1


def upload(url: str, path: Path) -> float:
    """Seconds from the first byte until the dataset is ready with its profile."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600, blocksize=BLOCK)
    connection.connect()
    headers = {"Content-Type": "text/csv", "Content-Length": str(path.stat().st_size), "Prefer": "wait=30"}
    touch_memory()
    with path.open("rb") as file:
        began = time.perf_counter()
        connection.request("POST", "/v1/datasets", body=file, headers=headers)
        dataset = _answer(connection)
    while dataset["state"] == "ingesting":
        connection.request("GET", f"/v1/datasets/{dataset['id']}", headers={"Prefer": "wait=30"})
        dataset = _answer(connection)
    seconds = time.perf_counter() - began
    if dataset["state"] != "ready" or dataset["rejected_rows"]:
        raise SystemExit(f"not ingested: {dataset['error']}")
    connection.request("GET", f"/v1/datasets/{dataset['id']}/profile")
    if len(_answer(connection)["columns"]) != len(dataset["columns"]):
        raise SystemExit("the profile lacks columns")
    connection.close()
    return seconds


def _answer(connection: http.client.HTTPConnection) -> dict:
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status >= 400:
        raise SystemExit(f"{answer.status}: {body}")
    return body


def h2o_seconds(paths: list[Path]) -> list[float]:
    """Seconds to upload and parse each file, by one new H2O."""
    import h2o

    seconds = []
    with h2o_server():
        for path in paths:
            touch_memory()
            began = time.perf_counter()
            frame = h2o.upload_file(str(path))
            seconds.append(time.perf_counter() - began)
            h2o.remove(frame.frame_id)
    return seconds


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, default=3, help="for each new server; at least 2")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=11)
    parser.add_argument("--alone", action="store_true", help="without H2O")
    parser.add_argument("--memory", action="store_true", help="how much memory the worker takes, instead")
    options = parser.parse_args(arguments)
    if options.memory:
        compare_memory()
        return []
    return compare_speed(options.runs, options.files, options.rows, options.columns, has_h2o(options.alone))


def compare_speed(runs: int, files: int, rows: int, columns: int, compares: bool) -> list[Figure]:
    """Print each run and the medians, and give these; `compares` with H2O, or leaves it out."""
    print(f"{rows:,} rows of {columns} numbers, {os.cpu_count()} cores, {runs} runs of {files} files on new servers")
    print(f"{'run':8}{'':10}{'first file':^22}{'later files, median':^22}")
    firsts: dict[str, list[float]] = {}
    laters: dict[str, list[float]] = {}
    for run in range(runs):
        with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
            paths = [
                write_numbers(Path(name) / f"{place}.csv", rows, columns - 1, seed=files * run + place)
                for place in range(files)
            ]
            megabytes = paths[0].stat().st_size / 1e6
            os.sync()  # what the generator has written is not to be waited for by what is measured
            with adaline(Path(name) / "data") as (_, url):
                found = {"Adaline": [upload(url, path) for path in paths]}
            if compares:
                found["H2O"] = h2o_seconds(paths)
        for system, (first, *later) in found.items():
            firsts.setdefault(system, []).append(first)
            laters.setdefault(system, []).append(statistics.median(later))
        _print_rows(str(run + 1), {name: (firsts[name][-1], laters[name][-1]) for name in found}, megabytes)
    medians = {name: (statistics.median(firsts[name]), statistics.median(laters[name])) for name in firsts}
    _print_rows("medians", medians, megabytes)
    if not compares:
        return []
    what = f"a CSV of {megabytes:.0f} MB to a dataset with its profile, "
    return [
        Figure(what + file, f"{ours:.2f} s", "H2O-3's upload and parse", f"{theirs:.2f} s", theirs / ours)
        for file, ours, theirs in zip(("a server's first", "a later one"), *medians.values(), strict=True)
    ]


def _print_rows(run: str, seconds: dict[str, tuple[float, float]], megabytes: float) -> None:
    """One row for each system, and how many times as long as Adaline the other one took."""
    for system, both in seconds.items():
        print(f"{run:8}{system:10}" + "".join(f"{one:8.2f} s {megabytes / one:6.0f} MB/s " for one in both))
    if len(seconds) == 2:
        ratios = [theirs / ours for ours, theirs in zip(*seconds.values(), strict=True)]
        print(f"{run:8}{'ratio':10}" + "".join(f"{ratio:8.2f}".ljust(22) for ratio in ratios))


def compare_memory() -> None:
    """Print the ingest worker's greatest resident memory for a file and for one twice as large, each on a new stack."""
    peaks = []
    for rows in MEMORY_ROWS:
        with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
            path = write_numbers(Path(name) / "numbers.csv", rows, 10)
            megabytes = path.stat().st_size / 1e6
            with adaline(Path(name) / "data") as (running, url):
                before = peak_bytes(running, "ingest") / 1e6
                seconds = upload(url, path)
                peaks.append(peak_bytes(running, "ingest") / 1e6)
        print(
            f"{megabytes:6.0f} MB, {rows:,} rows in {seconds:5.1f} s: {peaks[-1]:4.0f} MB at most ({before:.0f} idle)"
        )
    print(f"twice the file takes {peaks[1] / peaks[0] - 1:+.1%} memory; allowed are 600 MB and +10 %")


if __name__ == "__main__":
    main()
