"""What 20 open pages of a running job cost those who predict meanwhile."""

from __future__ import annotations

import time
from statistics import quantiles

import httpx
from playwright.sync_api import Browser

from tests.benchmarks.pages.memory import browser_processes
from tests.integration.pages.visitor import watched
from tests.integration.processes import give_way

PAGES, PREDICTIONS, TURNS = 20, 400, 5


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


def beside_open_pages(browser: Browser, url: str, job: str, model: str, row: dict[str, float]) -> tuple[float, float]:
    """The best p95 of some turns without and with 20 pages open, in turns. The browser's processes give way to others:
    those who look have machines of their own."""
    without, beside = [], []
    for _ in range(TURNS):
        without.append(p95_seconds(url, model, row))
        with browser.new_context() as context:
            pages = [watched(context, url) for _ in range(PAGES)]
            for one in pages:
                one.go(f"/jobs/{job}")
            for one in pages:
                one.page.get_by_role("img").or_(one.page.locator("canvas")).first.wait_for(state="attached")
            give_way(browser_processes())
            beside.append(p95_seconds(url, model, row))
    return min(without), min(beside)
