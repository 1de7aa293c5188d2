"""What 20 open pages of a running job cost those who predict meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median, quantiles

import httpx
from playwright.sync_api import Browser

from tests.benchmarks.pages.memory import browser_processes
from tests.benchmarks.pages.tabs import tabs
from tests.benchmarks.pages.watching import watchers
from tests.integration.pages.visitor import watched
from tests.integration.processes import give_way

PAGES, PREDICTIONS, TURNS = 20, 400, 5
OPENING_SECONDS = 5  # that a browser is at work with after pages show what they are for
WATCHED_SECONDS = 100  # how long a run that somebody watches has gone


def p95_seconds(url: str, model: str, row: dict[str, float]) -> float:
    """The 95th percentile of predictions of one row, one after the other."""
    seconds = []
    with httpx.Client(base_url=url) as client:
        for number in range(PREDICTIONS + 20):
            began = time.perf_counter()
            client.post(f"/v1/models/{model}/predict", json={"records": [row]}).raise_for_status()
            if number >= 20:
                seconds.append(time.perf_counter() - began)
            time.sleep(0.005)  # as users ask, not as fast as can be
    return quantiles(seconds, n=20)[-1]


@dataclass(frozen=True, slots=True)
class Beside:
    """Medians of some turns: the p95 of predictions beside the training alone, in seconds; and how many times as long
    they take with those who watch it from elsewhere, and, in a browser on the same processors, with as many pages in
    the tabs of a window, of which one is seen, and in windows that are all seen."""

    seconds: float
    watchers: float
    tabs: float
    windows: float


def beside_open_pages(browser: Browser, url: str, job: str, model: str, row: dict[str, float]) -> Beside:
    """In turns. Those who look have machines of their own, so that watchers and browser give way to others; but the
    browser's work still takes the server's processors and caches."""
    training: list[float] = []
    with_others: dict[str, list[float]] = {"watchers": [], "tabs": [], "windows": []}
    time.sleep(WATCHED_SECONDS)
    for _ in range(TURNS):
        training.append(p95_seconds(url, model, row))
        with watchers(url, job, PAGES):
            with_others["watchers"].append(p95_seconds(url, model, row))
        with tabs(f"{url}/ui/jobs/{job}", PAGES, "· Adaline"):
            _settle()
            with_others["tabs"].append(p95_seconds(url, model, row))
        with browser.new_context() as context:
            pages = [watched(context, url) for _ in range(PAGES)]
            for one in pages:
                one.go(f"/jobs/{job}")
            for one in pages:
                one.page.get_by_role("img").or_(one.page.locator("canvas")).first.wait_for(state="attached")
            _settle()
            with_others["windows"].append(p95_seconds(url, model, row))
    times = {
        name: median(one / before for one, before in zip(some, training, strict=True))
        for name, some in with_others.items()
    }
    return Beside(median(training), **times)


def _settle() -> None:
    """Let the browser do what it does after pages have shown what they are for."""
    give_way(browser_processes())
    time.sleep(OPENING_SECONDS)
