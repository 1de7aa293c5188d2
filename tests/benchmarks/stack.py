"""A stack of its own for a benchmark: `adaline serve` on embedded defaults, in a new directory."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.integration.processes import Running, started

HERE = Path(__file__).parents[2]
SETTLE_SECONDS = 90


@contextmanager
def stack(directory: Path, tree: Path = HERE, **settings: str) -> Iterator[tuple[Running, str]]:
    """A stack that keeps its data in `directory`, and its address; `settings` are ADALINE_… variables. `tree` holds the
    code that runs."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    environment = {"ADALINE_DATA": str(directory), "PYTHONPATH": str(tree), **settings}
    with started(command, environment, tree, gives_way=True) as running:
        yield running, running.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
        running.process.terminate()
        running.wait()


@contextmanager
def settled_stack(directory: Path, tree: Path = HERE, **settings: str) -> Iterator[tuple[Running, str]]:
    """A stack whose processes have all started and warmed up: one second in which they compute next to nothing. Where
    none comes within `SETTLE_SECONDS`, as on a machine that counts the seconds of processes coarsely, that is told."""
    with stack(directory, tree, **settings) as (running, url):
        before, deadline = -1.0, time.monotonic() + SETTLE_SECONDS
        while (now := computed_seconds(running)) - before >= 0.05:
            if time.monotonic() > deadline:
                print(f"the stack computes {now - before:.2f} s in a second of rest", file=sys.stderr, flush=True)
                break
            before = now
            time.sleep(1)
        yield running, url


def peak_bytes(running: Running, queue: str) -> int:
    """The greatest resident set (VmHWM) of any process that works on a queue, `train` or `ingest`."""
    families = [process for process in running.descendants if queue in process.cmdline()]
    processes = {process for parent in families for process in (parent, *parent.children(recursive=True))}
    status = [Path(f"/proc/{process.pid}/status").read_text() for process in processes]
    return max(int(line.split()[1]) * 1024 for text in status for line in text.splitlines() if line.startswith("VmHWM"))


def computed_seconds(running: Running) -> float:
    """Processor time of the stack's processes so far, of those that still run."""
    seconds = 0.0
    for process in running.descendants:
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:2])
    return seconds
