"""Memory of processes, as it is theirs alone (unique set size), watched while something happens."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

MEGABYTE = 1e6


def browser_processes() -> Sequence[psutil.Process]:
    """Every process of the browser that this one has started."""
    return [it for it in psutil.Process(os.getpid()).children(recursive=True) if "chromium" in _name(it)]


def pages_processes() -> Sequence[psutil.Process]:
    """Those of them that hold pages."""
    return [it for it in browser_processes() if "--type=renderer" in _words(it)]


def megabytes(processes: Sequence[psutil.Process]) -> float:
    """What is theirs alone, of those that still run."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().uss
    return total / MEGABYTE


@contextmanager
def growth(processes: Callable[[], Sequence[psutil.Process]]) -> Iterator[list[float]]:
    """By how many megabytes the processes' memory has grown at most within the context; told at its end."""
    before = highest = megabytes(processes())
    told: list[float] = []
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.1):
            highest = max(highest, megabytes(processes()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield told
    finally:
        done.set()
        watcher.join()
        told.append(highest - before)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""
