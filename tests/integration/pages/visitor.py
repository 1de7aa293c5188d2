"""A person at the pages: finds things by their roles and names, and notices what went wrong behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

PATIENCE_SECONDS = 30  # for a loaded machine
# an answer of the API that is no success is written to the console too; what a page says of it is for tests to see
TOLD_ANYWAY = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# what the policy forbids becomes an error like any other
WATCH = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(slots=True)
class Visitor:
    """One browser window on one server, and what was noticed in it."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page by its address, as from a bookmark."""
        self.page.goto(f"{self.url}/ui{path}")

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Click a link of the page, or of the frame."""
        self.link(name).first.click()

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.button(name, within).first.click()

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("link", name=name, exact=isinstance(name, str))

    def button(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=isinstance(name, str))

    def field(self, label: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_label(label, exact=isinstance(label, str))

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name)

    def text(self, words: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_text(words).first

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def arrived(self, path: str | re.Pattern[str]) -> None:
        """Wait until the address is that of a page."""
        found = path if isinstance(path, str) else re.compile(rf".*/ui{path.pattern}")
        self.page.wait_for_url(f"**/ui{found}" if isinstance(found, str) else found)

    def settled(self) -> None:
        """Wait until the page shows what it asked for."""
        self.page.get_by_role("heading", level=1).first.wait_for()
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('[role=status]')].some((it) => /Loading/.test(it.textContent))"
        )

    def strangers(self) -> list[str]:
        """Requests to anywhere but the server."""
        return [one for one in self.requests if not one.startswith((f"{self.url}/", "data:", f"blob:{self.url}/"))]


@contextmanager
def visiting(browser: Browser, url: str, **options: Any) -> Iterator[Visitor]:
    """A window of its own, as a person who comes for the first time. Raises AssertionError for anything that a person
    would not see: an error in a script, something that the policy forbids, a request to another host."""
    with browser.new_context(locale="en-GB", **options) as context:
        visitor = watched(context, url)
        yield visitor
        assert visitor.complaints == []
        assert visitor.strangers() == []


def watched(context: BrowserContext, url: str) -> Visitor:
    """A window whose requests and errors are noted."""
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    context.add_init_script(WATCH)
    visitor = Visitor(context.new_page(), url)
    seen, page = visitor.complaints, visitor.page

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not TOLD_ANYWAY.search(message.text):
            seen.append(f"{page.url}: {message.type}: {message.text}")

    def request(one: Request) -> None:
        visitor.requests.append(one.url)

    page.on("console", note)
    page.on("pageerror", lambda error: seen.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: (seen.append(f"{page.url}: dialog {dialog.message}"), dialog.dismiss()))
    context.on("request", request)
    return visitor


def sign_in(visitor: Visitor, key: str) -> None:
    """As a person does who has been given a key."""
    visitor.field("Key").fill(key)
    visitor.press("Sign in")


def columns(table: Locator) -> Sequence[str]:
    """What a table's headers say."""
    return table.get_by_role("columnheader").all_inner_texts()
