"""What all fuzzing has in common: a running Adaline, cases sent several at once, what came of them, who lived on."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil

from service.settings import Settings
from tests.integration.processes import Running, started

AT_ONCE = 12
MEGABYTE = 1e6
LOOK_SECONDS = 0.05
API, INGEST = "service.supervisor.http_server", "--queues ingest"  # in the commands of their processes, or above them
API_MB = 300.0  # that the API may grow by
OUR_FAULT = b"internal error"


def chosen(told: str | None, case: Callable[[int, int], object]) -> tuple[Sequence[int], int]:
    """The numbers of the cases that the command line asks for, and the seed; a case that is asked for alone is printed.
    `told` is what the program does, `case` makes a case of a seed and a number."""
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    if asked.only is None:
        return range(asked.first, asked.first + asked.count), asked.seed
    print(case(asked.seed, asked.only))
    return [asked.only], asked.seed


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended: its status, in a word, and what is wrong with that."""

    status: int
    word: str
    wrong: str | None = None


@dataclass(slots=True)
class Findings:
    """What came of the cases; `wrong` says of each case that must not be so what it is."""

    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: int = -1

    def add(self, number: int, outcome: Outcome, seconds: float) -> None:
        self.statuses[outcome.status] += 1
        self.outcomes[outcome.word] += 1
        if outcome.wrong:
            self.wrong.append(f"case {number}: {outcome.wrong}")
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, number

    def print(self, seconds: float) -> None:
        sent = self.statuses.total()
        print(f"\n{sent:,} requests in {seconds:.0f} s ({sent / seconds:.0f} a second)")
        print("statuses: " + ", ".join(f"{status}: {count:,}" for status, count in sorted(self.statuses.items())))
        for word, count in self.outcomes.most_common():
            print(f"{count:>8,}  {word}")
        print(f"slowest: {self.slowest_seconds:.1f} s (case {self.slowest})")
        for line in itertools.islice(self.wrong, 50):
            print(f"WRONG {line}")
        print(f"{len(self.wrong)} wrong")


@dataclass(slots=True)
class Size:
    """A process's memory in MB: when it was first looked at, and the most since."""

    first: float = 0.0
    most: float = 0.0

    @property
    def grown(self) -> float:
        return self.most - self.first


class Watch:
    """The processes below a running Adaline: who they are, and how large they become."""

    def __init__(self, stack: Running) -> None:
        self._family = {process.pid: process for process in stack.descendants}
        self.names = {pid: name(process) for pid, process in self._family.items()}
        self._commands = {pid: _commands(process) for pid, process in self._family.items()}
        self.sizes = {pid: Size() for pid in self._family}
        self._stack = stack
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._look()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def changes(self) -> list[str]:
        """Processes that have died since. Those that came are no loss: a pool may still be starting."""
        now = {process.pid for process in self._stack.descendants}
        return [f"{self.names[pid]} ({pid}) died" for pid in self.names if pid not in now]

    def grown(self, words: str) -> float:
        """MB by which a process with these words in its command, or in that of its parent, has grown at most."""
        return max(self.sizes[pid].grown for pid, commands in self._commands.items() if words in commands)

    def print(self) -> None:
        for pid, size in sorted(self.sizes.items(), key=lambda item: -item[1].most):
            print(f"{size.most:>6.0f} MB at most, {size.first:.0f} before  {self.names[pid]}")
        print("processes: " + ("; ".join(self.changes()) or "the same at the end as at the beginning"))

    def _watch(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        for pid, process in self._family.items():
            try:
                now = process.memory_info().rss / MEGABYTE
            except psutil.NoSuchProcess:
                continue
            size = self.sizes[pid]
            size.first = size.first or now
            size.most = max(size.most, now)


def send_all(
    url: str,
    numbers: Sequence[int],
    send: Callable[[httpx.Client, int], Outcome],
    after: Callable[[int], None] = lambda count: None,
) -> Findings:
    """Send the cases, several at once; `after` is called with how many have ended."""
    findings = Findings()
    lock = threading.Lock()
    began = time.monotonic()
    with httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=AT_ONCE)) as http:

        def one(number: int) -> None:
            start = time.monotonic()
            outcome = send(http, number)
            with lock:
                findings.add(number, outcome, time.monotonic() - start)
                count = findings.statuses.total()
                after(count)
                if count % 1000 == 0:
                    rate = count / (time.monotonic() - began)
                    print(f"{count:>7,} sent, {rate:.0f} a second, {len(findings.wrong)} wrong", flush=True)

        with ThreadPoolExecutor(AT_ONCE) as many:
            for _ in many.map(one, numbers):
                pass
    return findings


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
        command = [sys.executable, "-m", "service", "serve", "--port", "0"]
        with started(command, settings, gives_way=True) as running:
            url = running.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
            with httpx.Client(base_url=url, timeout=60) as http:  # until a worker has answered, there may be fewer
                for number in range(2 * ingest_processes):
                    content = b"first\n%d\n" % number
                    headers = {"Content-Type": "text/csv", "Prefer": "wait=30"}
                    http.post("/v1/datasets", content=content, headers=headers)
            yield url, running


def ingest_mb() -> float:
    """What an ingest process may grow by: the memory that its setting gives an ingest."""
    return Settings().ingest_memory_bytes / MEGABYTE


def name(process: psutil.Process) -> str:
    """What a process is called by: its command's words, without options, or for one of a pool those of its parent."""
    try:
        words = [word for word in process.cmdline()[1:] if not word.startswith("-")]
        if "billiard.spawn" in " ".join(words):
            return f"of the pool of {name(process.parent())}"
    except psutil.Error:
        return "gone"
    return " ".join(words)[:60] or process.name()


def _commands(process: psutil.Process) -> str:
    try:
        parent = process.parent()
        return " ".join([*process.cmdline(), "|", *(parent.cmdline() if parent else ())])
    except psutil.Error:
        return ""
