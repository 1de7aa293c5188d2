"""What `make pictures` runs besides: the README's pictures of the pages, from a stack of its own with the demo's table.

python -m tests.pictures DIRECTORY
"""

from __future__ import annotations

import base64
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator

from service.client import Client
from tests.demo import LINEAR, NETWORK, SPECS, TARGET, diabetes, listening_url, write_csv
from tests.integration.browsing import chromium
from tests.integration.pages.visitor import Visitor, visiting
from tests.integration.processes import started

WIDTH, HEIGHT, FINENESS = 1280, 860, 1.5
QUALITY = 80
LEAST_EPOCHS = 150
Shot = tuple[str, str, Callable[[Visitor], None]]


def main(directory: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="adaline-pictures-") as name:
        data = Path(name)
        command = [sys.executable, "-m", "service", "serve", "--port", "0", "--data", str(data / "data")]
        with started(command, gives_way=True) as stack, chromium() as browser:
            url = listening_url(stack)
            with Client(url) as client:
                shots = furnish(client, data)
            for file, path, ready in shots:
                take(browser, url, path, ready, directory / file)
    return 0


def furnish(client: Client, directory: Path) -> list[Shot]:
    """The demo's table, a model of it and a training that goes on, and what is to be seen of them."""
    file = directory / "diabetes.csv"
    write_csv(file, diabetes())
    dataset = client.upload(file)
    client.train(dataset, TARGET, LINEAR, **SPECS[LINEAR])
    slow = {**SPECS[NETWORK], "batch_size": 1, "epochs": 3000, "early_stopping": None, "schedule": "cosine"}
    job = client.train(dataset, TARGET, NETWORK, wait=False, **slow)
    while (client.job(job.id).progress or {}).get("epoch", 0) < LEAST_EPOCHS:
        time.sleep(0.2)
    return [
        ("job.webp", f"/jobs/{job.id}", lambda it: it.main.get_by_label("Logarithmic scale").first.check()),
        ("dataset.webp", f"/datasets/{dataset.id}?with={TARGET}", lambda it: show(it, it.text("Correlation with"))),
        ("model.webp", f"/models/{LINEAR}/versions/1", lambda it: show(it, it.heading("Weights"))),
        ("lesson.webp", "/learn", lambda it: show(it, it.text("Learning rate η"))),
    ]


def show(visitor: Visitor, what: Locator) -> None:
    """Scroll so that it is near the top."""
    what.wait_for()
    what.evaluate("it => { it.scrollIntoView(); scrollBy(0, -40) }")


def take(browser: Browser, url: str, path: str, ready: Callable[[Visitor], None], to: Path) -> None:
    """A picture of what a window shows, once it has come to rest."""
    window = {"width": WIDTH, "height": HEIGHT}
    with visiting(browser, url, viewport=window, device_scale_factor=FINENESS, color_scheme="light") as visitor:
        visitor.go(path)
        visitor.settled()
        ready(visitor)
        visitor.page.wait_for_timeout(1000)
        debugger = visitor.page.context.new_cdp_session(visitor.page)
        seen = debugger.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        to.write_bytes(base64.b64decode(seen["data"]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
