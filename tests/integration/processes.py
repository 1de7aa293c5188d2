"""Real processes in tests: their output as it comes, their descendants, whether they are gone."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

LEAST_PRIORITY = 19
PATIENCE_SECONDS = 60.0  # for a loaded machine; nothing here waits so long on a free one


IN_TURN = {"ADALINE_TRAINING_NICENESS": "0"}
"""Who waits for a training does not want it to give way to all else that a machine does."""


class Running:
    """A process whose lines are read as they come. Of Adaline's settings it has those of its `environment` alone."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None):
        rest = {name: text for name, text in os.environ.items() if not name.startswith("ADALINE_")}
        self.process = subprocess.Popen(
            command, env=rest | dict(environment), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.lines: list[str] = []
        self._coming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, words: str, *, times: int = 1) -> str:
        """The line that holds the words (for the n-th time), as soon as it has come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        found = [line for line in self.lines if words in line]
        while len(found) < times:
            try:
                line = self._coming.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"{words!r} did not come {times} times:\n" + "\n".join(self.lines))
            self.lines.append(line)
            if words in line:
                found.append(line)
        return found[times - 1]

    def wait(self) -> int:
        """The exit code, with all lines read."""
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        while (line := self._coming.get(timeout=PATIENCE_SECONDS)) is not None:
            self.lines.append(line)
        return code

    @property
    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.decode().rstrip("\n"))
        self._coming.put(None)


@contextlib.contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    *,
    gives_way: bool = False,
) -> Iterator[Running]:
    """A process that does not outlive the test. A stack that is measured `gives_way` as it does by default."""
    running = Running(command, ({} if gives_way else IN_TURN) | dict(environment or {}), cwd)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            family = [psutil.Process(running.process.pid), *running.descendants]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            running.process.wait(PATIENCE_SECONDS)
        if running.process.stdout is not None:
            running._reader.join(PATIENCE_SECONDS)
            running.process.stdout.close()


def api_of(stack: psutil.Process) -> list[psutil.Process]:
    """The processes of its API: first the one that the others come from, then those that answer."""
    found = []
    for process in stack.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "service.supervisor.http_server" in process.cmdline():
                found.append(process)
    return found


@contextlib.contextmanager
def repeated(seconds: float, step: Callable[[], object]) -> Iterator[None]:
    """Meanwhile `step` is called each so many seconds, by a thread."""
    ended = threading.Event()

    def go() -> None:
        while not ended.wait(seconds):
            step()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def give_way(processes: Sequence[psutil.Process]) -> None:
    """Let all others go first, as clients do that have machines of their own: each thread by the kernel's idle policy,
    and, where the kernel shares the processor among sessions (sched(7), autogroup), the session too."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            for thread in process.threads():
                os.sched_setscheduler(thread.id, os.SCHED_IDLE, os.sched_param(0))
            Path(f"/proc/{process.pid}/autogroup").write_text(str(LEAST_PRIORITY))


def alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run. A zombie does not: whoever inherited it has only not looked yet."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def eventually(true: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
