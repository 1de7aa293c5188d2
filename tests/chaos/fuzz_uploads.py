"""Byte strings of all sorts through the upload endpoint of a running Adaline: `python -m tests.chaos.fuzz_uploads`.

No answer may be a 5xx, every dataset must end ready or failed with a reason, no process may die, and memory must stay
within bounds. A case is known by its seed and number: `--only NUMBER` sends one alone and prints it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from tests.chaos.mutations import SEEDS, case
from tests.integration.processes import Running, started

AT_ONCE = 12
WAIT_SECONDS = 30  # for one dataset; none of these is large
MEGABYTE = 1e6
TERMINAL = ("ready", "failed")


@dataclass(slots=True)
class Findings:
    """What came of the cases; `wrong` says of each case that must not be so what it is."""

    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: int = -1

    def add(self, number: int, status: int, outcome: str, wrong: str | None, seconds: float) -> None:
        self.statuses[status] += 1
        self.outcomes[outcome] += 1
        if wrong:
            self.wrong.append(f"case {number}: {wrong}")
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, number


class Watch:
    """The processes below a running Adaline: who they are, and how large they have been."""

    def __init__(self, stack: Running) -> None:
        self._family = {process.pid: process for process in stack.descendants}
        self.names = {pid: _name(process) for pid, process in self._family.items()}
        self.highest = dict.fromkeys(self._family, 0.0)
        self._stack = stack
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def changes(self) -> list[str]:
        """Processes that have died since. Those that came are no loss: a pool may still be starting."""
        now = {process.pid: _name(process) for process in self._stack.descendants}
        return [f"{self.names[pid]} ({pid}) died" for pid in self.names if pid not in now]

    def _watch(self) -> None:
        while not self._done.wait(0.2):
            for pid, process in self._family.items():
                try:
                    self.highest[pid] = max(self.highest[pid], process.memory_info().rss / MEGABYTE)
                except psutil.NoSuchProcess:
                    continue


def fuzz(url: str, numbers: Sequence[int], seed: int, seeds: Sequence[bytes] = SEEDS) -> Findings:
    """Send the cases, several at once, and follow each to its end."""
    findings = Findings()
    lock = threading.Lock()
    limits = httpx.Limits(max_connections=AT_ONCE)
    began = time.monotonic()
    with httpx.Client(base_url=url, timeout=2 * WAIT_SECONDS, limits=limits) as http:

        def one(number: int) -> None:
            start = time.monotonic()
            status, outcome, wrong = _sent(http, seed, number, seeds)
            with lock:
                findings.add(number, status, outcome, wrong, time.monotonic() - start)
                count = findings.statuses.total()
                if count % 1000 == 0:
                    rate = count / (time.monotonic() - began)
                    print(f"{count:>7,} sent, {rate:.0f} a second, {len(findings.wrong)} wrong", flush=True)

        with ThreadPoolExecutor(AT_ONCE) as many:
            for _ in many.map(one, numbers):
                pass
    return findings


def _sent(http: httpx.Client, seed: int, number: int, seeds: Sequence[bytes]) -> tuple[int, str, str | None]:
    """The status of one case, how it ended, and what is wrong with that."""
    this = case(seed, number, seeds)
    headers = {**this.headers, "Prefer": f"wait={WAIT_SECONDS}"}
    try:
        if this.file_name is not None:
            files = {"file": (this.file_name, this.body)}
            answer = http.post("/v1/datasets", params=this.query, headers=headers, files=files)
        else:
            answer = http.post("/v1/datasets", params=this.query, headers=headers, content=this.body)
        deadline = time.monotonic() + WAIT_SECONDS
        said = answer
        while answer.is_success and "preview" not in this.query and said.json()["state"] not in TERMINAL:
            if time.monotonic() > deadline:
                return answer.status_code, "hung", f"{said.json()['id']} is still {said.json()['state']}"
            said = http.get(f"/v1/datasets/{said.json()['id']}", headers={"Prefer": f"wait={WAIT_SECONDS}"})
    except httpx.HTTPError as error:
        return 0, "no answer", f"{type(error).__name__}: {error}"
    if answer.status_code >= 500 or said.status_code >= 500:
        return answer.status_code, "5xx", said.text
    return answer.status_code, *_judged(said, "preview" in this.query)


def _judged(answer: httpx.Response, is_preview: bool) -> tuple[str, str | None]:
    told: dict[str, Any] = answer.json()
    if not answer.is_success:
        return f"refused: {told.get('reason') or told['code']}", None if told[
            "detail"
        ] else "is refused without a reason"
    if is_preview:
        return "previewed", None
    if told["state"] == "ready":
        return "ready", None
    reason = told["error"] or {}
    unknown = reason.get("code") in (None, "internal") or not reason.get("detail")
    return f"failed: {reason.get('code')}", f"fails without a reason of its own: {reason}" if unknown else None


@contextmanager
def stack(ingest_processes: int = 2) -> Iterator[tuple[str, Running]]:
    """A running Adaline with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="adaline-fuzz-") as data:
        settings = {
            "ADALINE_DATA": data,
            "ADALINE_WORKER_PROCESSES": "1",
            "ADALINE_INGEST_PROCESSES": str(ingest_processes),
            "ADALINE_WAITING_REQUESTS": "30",
            "ADALINE_API_THREADS": "40",
            "ADALINE_LOG_LEVEL": "warning",
        }
        with started([sys.executable, "-m", "service", "serve", "--port", "0"], settings) as running:
            url = running.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
            with httpx.Client(base_url=url, timeout=60) as http:  # until a worker has answered, there may be fewer
                for number in range(2 * ingest_processes):
                    content = b"first\n%d\n" % number
                    http.post(
                        "/v1/datasets", content=content, headers={"Content-Type": "text/csv", "Prefer": "wait=30"}
                    )
            yield url, running


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    chosen = parser.parse_args()
    if chosen.only is not None:
        print(case(chosen.seed, chosen.only))
    numbers = [chosen.only] if chosen.only is not None else range(chosen.first, chosen.first + chosen.count)
    with stack() as (url, running):
        with Watch(running) as watch:
            began = time.monotonic()
            findings = fuzz(url, numbers, chosen.seed)
            seconds = time.monotonic() - began
        changes = watch.changes()
    _print(findings, seconds, watch, changes)
    return 1 if findings.wrong or changes else 0


def _print(findings: Findings, seconds: float, watch: Watch, changes: Sequence[str]) -> None:
    sent = findings.statuses.total()
    print(f"\n{sent:,} uploads in {seconds:.0f} s ({sent / seconds:.0f} a second)")
    print("statuses: " + ", ".join(f"{status}: {count:,}" for status, count in sorted(findings.statuses.items())))
    for outcome, count in findings.outcomes.most_common():
        print(f"{count:>8,}  {outcome}")
    print(f"slowest: {findings.slowest_seconds:.1f} s (case {findings.slowest})")
    for pid, highest in sorted(watch.highest.items(), key=lambda item: -item[1]):
        print(f"{highest:>6.0f} MB at most  {watch.names[pid]}")
    print("processes: " + ("; ".join(changes) or "the same at the end as at the beginning"))
    for line in itertools.islice(findings.wrong, 50):
        print(f"WRONG {line}")
    print(f"{len(findings.wrong)} wrong")


def _name(process: psutil.Process) -> str:
    try:
        words = [word for word in process.cmdline()[1:] if not word.startswith("-")]
    except psutil.Error:
        return "gone"
    return " ".join(words)[:60] or process.name()


if __name__ == "__main__":
    sys.exit(main())
