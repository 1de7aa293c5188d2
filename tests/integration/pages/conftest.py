"""A browser, and a whole Adaline with keys and with things whose names are hostile, for the tests that only look."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, StorageState, expect

from service.client import Client
from tests.integration.browsing import chromium
from tests.integration.pages.furnished import Furnished, furnish
from tests.integration.pages.visitor import PATIENCE_SECONDS, Visitor, sign_in, visiting
from tests.integration.processes import started

WHERE = "Adaline listens on "
# nothing but this machine has a name
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with chromium(NOWHERE) as browser:
        yield browser


@pytest.fixture(scope="package")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """A server that asks for keys, with something of everything on it."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    command = [sys.executable, "-m", "service", "serve", "--host", "0.0.0.0", "--port", "0"]
    settings = {"ADALINE_DATA": str(data), "ADALINE_WORKER_PROCESSES": "1", "ADALINE_WEBHOOKS": "on"}
    with started(command, settings) as stack:
        port = stack.until(WHERE).split(WHERE)[1].split()[0].rsplit(":", 1)[1]
        url = f"http://127.0.0.1:{port}"
        key = (data / "first-key").read_text().strip()
        with Client(url, key=key) as client:
            yield furnish(client, url, key)


@pytest.fixture(scope="package")
def signed_in(browser: Browser, furnished: Furnished) -> StorageState:
    """What a browser keeps of somebody who has signed in with the first key, which opens everything."""
    with visiting(browser, furnished.url) as visitor:
        visitor.go("/")
        sign_in(visitor, furnished.key)
        visitor.heading("Overview").wait_for()
        return visitor.page.context.storage_state()


@pytest.fixture
def visitor(browser: Browser, furnished: Furnished, signed_in: StorageState) -> Iterator[Visitor]:
    """Somebody who has signed in and is on the first page."""
    with visiting(browser, furnished.url, storage_state=signed_in) as visitor:
        visitor.go("/")
        visitor.heading("Overview").wait_for()
        yield visitor
