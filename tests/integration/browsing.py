"""The chromium of this machine, as tests drive it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

# no requests of the browser's own
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def program() -> str:
    """Where it is; the test is skipped where there is none, and fails where all is asked for."""
    found = shutil.which("chromium")
    if found is None:
        give_up = pytest.fail if os.environ.get("ADALINE_REQUIRE") == "all" else pytest.skip
        give_up("there is no chromium: apt-get install chromium")
    return found


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=[*options, *QUIET])
        yield browser
        browser.close()
