"""README's "How fast", made again: `make bench` runs the benchmarks whose figures it shows, and writes them there.

Each benchmark gives its figures from the run that it has printed; nothing is carried over from an earlier one.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path

from tests.benchmarks.figures import Figure

README = Path(__file__).parents[2] / "README.md"
HEADING = "## How fast"
BENCHMARKS = ("predict", "bulk", "http", "small", "ingest", "train", "growth", "jobs")


def main() -> None:
    figures: list[Figure] = []
    for name in BENCHMARKS:
        print(f"\n== bench-{name}", flush=True)
        figures += import_module(f"tests.benchmarks.bench_{name}").main([])
    README.write_text(replace_section(README.read_text(), section(figures)))


def section(figures: Sequence[Figure]) -> str:
    """The whole section, with its heading."""
    told = [
        HEADING,
        "",
        f"Measured on {date.today()} by `make bench`, on {machine()}: medians unless noted, each beside its",
        "peer in the same run. The docstring of each benchmark (`tests/benchmarks/`) says what is timed, and on what.",
        "",
        "| | Adaline | beside | takes | times |",
        "|---|---|---|---|---|",
        *(f"| {one.workload} | {one.ours} | {one.peer} | {one.theirs} | {times(one.ratio)} |" for one in figures),
        "",
    ]
    return "\n".join(told)


def times(ratio: float) -> str:
    """Two digits, or whole numbers where those are more."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def replace_section(text: str, section: str) -> str:
    """The page with this section in place of the one of the same heading. Raises ValueError where there is none."""
    heading = section.partition("\n")[0]
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the page has no section {heading!r}")
    return pattern.sub(lambda _: section + "\n", text, count=1)


def machine() -> str:
    """The processor, as it names itself, and how many of its cores there are."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{len(os.sched_getaffinity(0))} cores of {names[0] if names else platform.processor() or 'a processor'}"


if __name__ == "__main__":
    main()
