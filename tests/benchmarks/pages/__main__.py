"""What `make pages-proof` runs: how large, how fast and how frugal the pages are, in this machine's chromium.

python -m tests.benchmarks.pages [first] [upload] [long] [beside]

Each figure stands beside what it may be at most; the exit status is 1 where one is beyond that.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser

from service.cli.showing.rendering import console, table
from service.client import Client
from tests.benchmarks.pages.beside import beside_open_pages
from tests.benchmarks.pages.first import first_page
from tests.benchmarks.pages.long_ones import VERSIONS, long_job, many_versions, scroll, shown, turn_the_scale
from tests.benchmarks.pages.uploading import upload, write_table
from tests.benchmarks.stack import settled_stack
from tests.demo import TARGET, diabetes, write_csv
from tests.integration.browsing import chromium
from tests.integration.processes import Running, api_of

Proof = tuple[str, float, float]
"""What was measured, how much it is, and how much it may be."""


@dataclass(frozen=True, slots=True)
class Here:
    """What every proof works with."""

    browser: Browser
    client: Client
    url: str
    running: Running
    directory: Path

    def api(self) -> Sequence[psutil.Process]:
        """The processes that answer."""
        return api_of(psutil.Process(self.running.process.pid))


def first(here: Here) -> Iterator[Proof]:
    kilobytes, seconds = first_page(here.browser, here.url)
    yield "kB sent before the first page is usable", kilobytes, 300
    yield "seconds until it is", seconds, 1


def uploaded(here: Here) -> Iterator[Proof]:
    file = here.directory / "large.csv"
    write_table(file)
    told = upload(here.browser, here.url, file, here.api)
    yield "MB that the API grows by while 1 GB is uploaded", told.api_megabytes, 150
    yield "MB that the browser grows by", told.browser_megabytes, 150


def long(here: Here) -> Iterator[Proof]:
    dataset = here.client.upload(here.directory / "diabetes.csv")
    job = long_job(here.client, dataset)
    many_versions(f"sqlite:///{here.directory}/data/adaline.db", "long")
    seen = shown(here.browser, here.url, f"/jobs/{job}", "canvas", turn_the_scale)
    yield "seconds until a job of 100,000 epochs can be used", seen.seconds, 1
    yield "MB of its page", seen.megabytes, 150
    yield "MB of its page's scripts", seen.heap_megabytes, 150
    seen = shown(here.browser, here.url, "/models/long", f"role=link[name='version {VERSIONS}']", scroll)
    yield "seconds until a list of 10,000 versions can be used", seen.seconds, 1
    yield "MB of its page", seen.megabytes, 150
    yield "MB of its page's scripts", seen.heap_megabytes, 150


def beside(here: Here) -> Iterator[Proof]:
    dataset = here.client.upload(here.directory / "diabetes.csv")
    here.client.train(dataset, TARGET, "asked", epochs=20)
    endless = {"epochs": 1_000_000, "batch_size": 1, "early_stopping": None, "network": {"kind": "mlp", "hidden": [16]}}
    job = here.client.train(dataset, TARGET, "endless", wait=False, **endless)
    row = {name: value for name, value in diabetes()[0].items() if name != TARGET}
    told = beside_open_pages(here.browser, here.url, job.id, "asked", row)
    here.client.cancel(job.id)
    yield "p95 of a prediction beside a training, ms", told.seconds * 1000, float("inf")
    yield "times as long with 20 who watch it from elsewhere", told.watchers, 1.2
    yield "times as long with 20 tabs of a browser on the server's own processors", told.tabs, 1.2
    yield "times as long with 20 windows of it, all seen", told.windows, 1.2


PROOFS: dict[str, Callable[[Here], Iterator[Proof]]] = {
    "first": first, "upload": uploaded, "long": long, "beside": beside
}  # fmt: skip


def main(names: Sequence[str]) -> int:
    told = console()
    with tempfile.TemporaryDirectory(prefix="adaline-pages-", dir=os.environ.get("TMPDIR")) as name:
        directory = Path(name)
        write_csv(directory / "diabetes.csv", diabetes())
        with settled_stack(directory / "data") as (running, url), chromium() as browser, Client(url) as client:
            here = Here(browser, client, url, running, directory)
            found = [proof for one in names or PROOFS for proof in PROOFS[one](here)]
    lines = [(what, f"{value:.3g}", "" if most == float("inf") else f"{most:g}") for what, value, most in found]
    told.print(table(("", "measured", "at most"), lines, ("measured", "at most")))
    return int(any(value > most for _, value, most in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
