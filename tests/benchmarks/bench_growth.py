"""How cost and memory grow with the rows: `make bench-growth`. From 10,000 rows to 30,000,000, each of 10 numbers.

Each table goes through a stack of its own, as a user's would: uploaded as Parquet, trained on over HTTP. Told are the
median epoch and the whole job (from the worker's start on it to its end), for each row of the table and epoch or job,
and the greatest resident memory (VmHWM) of the process that has trained. The stacks have default settings; only that of
the largest table allows the worker 1 GiB, so that the table is trained on from the disk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.client import Client
from tests.benchmarks.figures import Figure
from tests.benchmarks.stack import peak_bytes, stack

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LARGEST = 30_000_000
COMPARED, LARGE, WANTED = 100_000, 10_000_000, 1.3
COLUMNS = 10
GROUP = 1_000_000  # rows that are made at once
MEMORY_BYTES = 2**30
NETWORKS: dict[str, dict[str, Any]] = {"linear": {"kind": "linear"}, "16 hidden": {"kind": "mlp", "hidden": [16]}}
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one table: by network the nanoseconds that a row takes in an epoch, and in a whole job with `epochs` of them;
    the seconds of each job; the greatest resident memory; and whether the prepared table was on the disk."""

    rows: int
    epochs: int
    epoch_ns: dict[str, float]
    job_ns: dict[str, float]
    peak_bytes: int
    is_on_disk: bool


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=LARGEST, help="leave out the tables with more rows than that")
    options = parser.parse_args(arguments)
    print(f"{COLUMNS} columns, batches of 32; for {LARGEST:,} rows {MEMORY_BYTES // MIB:,} MiB are allowed")
    heads = "".join(f"{f'{name}: epoch':>18}{'job':>8}" for name in NETWORKS)
    print(f"{'rows':>12}{'epochs':>8}{heads}   ns a row{'peak':>8} MiB   prepared table", flush=True)
    found = {}
    for rows in (*SIZES, LARGEST):
        if rows <= options.rows:
            one = found[rows] = measure(rows)
            told = "".join(f"{one.epoch_ns[name]:18.1f}{one.job_ns[name]:8.0f}" for name in NETWORKS)
            place = "disk" if one.is_on_disk else "memory"
            print(f"{rows:12,}{one.epochs:8}{told}{'':11}{one.peak_bytes / MIB:8.0f}       {place}", flush=True)
    return _figures(found)


def _figures(found: dict[int, Measured]) -> list[Figure]:
    """Ratios to 100,000 rows, and the memory of the largest table; they are printed as well."""
    figures = []
    if LARGE in found and COMPARED in found:
        for name in NETWORKS:
            for what, of in (("epoch", "epoch_ns"), ("job", "job_ns")):
                large, small = getattr(found[LARGE], of)[name], getattr(found[COMPARED], of)[name]
                times = f"{large / small:.2f} times one of {COMPARED:,} (wanted: {WANTED} at most)"
                print(f"{name}, {what}: a row of {LARGE:,} takes {times}")
                if what == "epoch":
                    workload = f"a row in an epoch, {LARGE:,} rows, {name}"
                    peer = f"of {COMPARED:,} rows"
                    figures.append(Figure(workload, f"{large:.0f} ns", peer, f"{small:.0f} ns", small / large))
    if LARGEST not in found:
        return figures
    largest = found[LARGEST]
    print(f"{largest.rows:,} rows: {largest.peak_bytes / MEMORY_BYTES:.2f} of the memory that is allowed")
    peak, allowed = f"{largest.peak_bytes / MIB:.0f} MiB", f"{MEMORY_BYTES / MIB:.0f} MiB"
    workload = f"the worker's memory, {largest.rows:,} rows"
    return [*figures, Figure(workload, peak, "the setting", allowed, MEMORY_BYTES / largest.peak_bytes)]


def measure(rows: int) -> Measured:
    """A stack of its own, one upload, a job for each network."""
    epochs = int(min(max(20_000_000 // rows, 3), 40))
    seconds: dict[str, float] = {}
    jobs: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as name:
        settings = {"ADALINE_WORKER_PROCESSES": "1"}
        if rows == LARGEST:
            settings["ADALINE_TRAINING_MEMORY_BYTES"] = str(MEMORY_BYTES)
        with stack(Path(name) / "data", **settings) as (running, url), Client(url, timeout=600) as client:
            table = write_rows(Path(name) / "table.parquet", rows)
            dataset = client.upload(table)
            table.unlink()
            texts = []
            for model, network in NETWORKS.items():
                spec: dict[str, Any] = {
                    "dataset": dataset.id, "model": model.replace(" ", "-"), "target": "y", "network": network,
                    "batch_size": 32, "epochs": epochs, "early_stopping": None,
                    "optimizer": {"kind": "sgd", "learning_rate": 0.001},
                }  # fmt: skip
                job = client.wait(client.submit(spec).id)
                history = client.report(spec["model"])["history"]
                seconds[model] = statistics.median(epoch["seconds"] for epoch in history)
                if job.started_at is None or job.finished_at is None:
                    raise SystemExit(f"not trained: {job}")
                jobs[model] = (job.finished_at - job.started_at).total_seconds()
                texts += [event.data.get("text", "") for event in client.events(job.id)]
            peak = peak_bytes(running, "train")
    return Measured(
        rows,
        epochs,
        {model: taken / rows * 1e9 for model, taken in seconds.items()},
        {model: taken / rows * 1e9 for model, taken in jobs.items()},
        peak,
        any("kept on the disk" in text for text in texts),
    )


def write_rows(path: Path, rows: int) -> Path:
    """y = Xw + noise, with four decimals."""
    generator = np.random.default_rng(0)
    weights = generator.normal(size=COLUMNS)
    schema = pa.schema([*((f"x{column}", pa.float64()) for column in range(COLUMNS)), ("y", pa.float64())])
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for start in range(0, rows, GROUP):
            inputs = generator.normal(size=(min(GROUP, rows - start), COLUMNS))
            target = inputs @ weights + generator.normal(size=len(inputs))
            columns = [*inputs.round(4).T, target.round(4)]
            writer.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema))
    return path


if __name__ == "__main__":
    main()
