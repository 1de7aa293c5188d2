"""How much is sent before the first page is usable, and how long that takes."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import Browser

from tests.integration.pages.visitor import visiting

VISITS = 5
SENT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter((it) => it.name.includes('/ui/')).reduce((sum, it) => sum + it.transferSize, 0)"""


def first_page(browser: Browser, url: str) -> tuple[float, float]:
    """Kilobytes as they are sent, and the median of the seconds until the first page shows what there is."""
    sizes, seconds = [], []
    for _ in range(VISITS):
        with visiting(browser, url) as visitor:  # nothing is kept from the visit before
            visitor.page.goto(f"{url}/ui/")
            visitor.heading("Overview").wait_for()
            visitor.settled()
            seconds.append(visitor.page.evaluate("performance.now()") / 1000)
            sizes.append(visitor.page.evaluate(SENT) / 1000)
    return max(sizes), median(seconds)
