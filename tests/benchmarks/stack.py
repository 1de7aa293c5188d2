"""A stack of its own for a benchmark: `adaline serve` on embedded defaults, in a new directory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.processes import Running, started


@contextmanager
def stack(directory: Path, **settings: str) -> Iterator[tuple[Running, str]]:
    """A stack that keeps its data in `directory`, and its address; `settings` are ADALINE_… variables."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    with started(command, {"ADALINE_DATA": str(directory), **settings}) as running:
        yield running, running.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
        running.process.terminate()
        running.wait()
