"""A file of 1 GB that is uploaded by a page: what the API's and the browser's memory grow by."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser

from tests.benchmarks.pages.memory import browser_processes, growth
from tests.integration.pages.visitor import visiting

BYTES = 1_000_000_000
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Uploaded:
    seconds: float
    api_megabytes: float
    browser_megabytes: float


def write_table(path: Path, size: int = BYTES) -> None:
    """A CSV of numbers, of that size."""
    draw = random.Random(1)
    block = "".join(",".join(f"{draw.random():.12f}" for _ in range(10)) + "\n" for _ in range(50_000)).encode()
    with path.open("wb") as file:
        file.write(b",".join(f"c{number}".encode() for number in range(10)) + b"\n")
        while file.tell() < size:
            file.write(block)


def upload(browser: Browser, url: str, file: Path, api: Callable[[], Sequence[psutil.Process]]) -> Uploaded:
    """Choose the file in the page, and wait until the API has all of it."""
    with visiting(browser, url) as visitor:
        visitor.go("/datasets/new")
        visitor.settled()
        time.sleep(1)
        with growth(api) as grown, growth(browser_processes) as also:
            visitor.main.locator("input[type=file]").first.set_input_files(file)
            began = time.monotonic()
            visitor.press(re.compile("^Upload"))
            visitor.page.wait_for_url(re.compile(r".*/ui/datasets/ds_\w+"), timeout=SECONDS * 1000)
            seconds = time.monotonic() - began
    return Uploaded(seconds, grown[0], also[0])
