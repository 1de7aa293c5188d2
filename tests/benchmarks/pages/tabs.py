"""Pages in the tabs of one window, as a person has them: the last one is seen, and the browser tells all others that
they are hidden. What drives browsers in tests opens a window for each page, and every one is seen."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.integration.browsing import QUIET, program
from tests.integration.processes import eventually


@contextlib.contextmanager
def tabs(url: str, many: int, titled: str) -> Iterator[None]:
    """So many tabs with the page of this URL, each opened when the one before has its title, in a window of their own
    browser."""
    with tempfile.TemporaryDirectory(prefix="tabs-", dir=os.environ.get("TMPDIR"), ignore_cleanup_errors=True) as name:
        command = [program(), *QUIET, "--headless", "--remote-debugging-port=0", f"--user-data-dir={name}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
            try:
                told = Path(name, "DevToolsActivePort")
                assert eventually(lambda: told.exists() and told.read_text()), "the browser does not start"
                with httpx.Client(base_url=f"http://127.0.0.1:{told.read_text().split()[0]}", timeout=60) as devtools:
                    for number in range(many):
                        devtools.put(f"/json/new?{quote(url)}").raise_for_status()
                        assert eventually(partial(_titled, devtools, titled, number + 1)), "a page has not opened"
                yield
            finally:
                browser.terminate()


def _titled(devtools: httpx.Client, title: str, many: int) -> bool:
    """Whether so many tabs have it."""
    pages = [tab for tab in devtools.get("/json/list").json() if tab["type"] == "page"]
    return sum(title in page["title"] for page in pages) == many
