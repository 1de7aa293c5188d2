"""What `make pictures` runs besides: the README's pictures of the pages, from a stack of its own with the demo's table.

python -m tests.pictures DIRECTORY
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from service.client import Client
from tests.demo import LINEAR, NETWORK, SPECS, TARGET, diabetes, listening_url, write_csv
from tests.integration.browsing import chromium
from tests.integration.pages.visitor import Visitor, visiting
from tests.integration.processes import started

WIDTH, HEIGHT = 1280, 800
QUALITY = 82
Shot = tuple[str, str, Callable[[Visitor], None]]


def main(directory: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="adaline-pictures-") as name:
        data = Path(name)
        command = [sys.executable, "-m", "service", "serve", "--port", "0", "--data", str(data / "data")]
        with started(command) as stack, chromium() as browser:
            url = listening_url(stack)
            with Client(url) as client:
                shots = furnish(client, data)
            for file, path, ready in shots:
                take(browser, url, path, ready, directory / file)
    return 0


def furnish(client: Client, directory: Path) -> list[Shot]:
    """The demo's table and its two models, and what is to be seen of them."""
    file = directory / "diabetes.csv"
    write_csv(file, diabetes())
    dataset = client.upload(file)
    for model in (LINEAR, NETWORK):
        client.train(dataset, TARGET, model, **SPECS[model])
    job = next(it for it in client.jobs(model=NETWORK))
    return [
        ("dataset.webp", f"/datasets/{dataset.id}?with={TARGET}", lambda it: it.text("bmi").wait_for()),
        ("job.webp", f"/jobs/{job.id}", lambda it: it.page.locator("canvas").first.wait_for()),
        ("model.webp", f"/models/{LINEAR}/versions/1", lambda it: it.page.get_by_role("img").nth(1).wait_for()),
        ("lesson.webp", "/learn", lambda it: it.heading("Gradient descent").scroll_into_view_if_needed()),
    ]


def take(browser: Browser, url: str, path: str, ready: Callable[[Visitor], None], to: Path) -> None:
    """A picture of what a window shows, twice as fine as it is large."""
    with visiting(
        browser, url, viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2, color_scheme="light"
    ) as visitor:
        visitor.go(path)
        visitor.settled()
        ready(visitor)
        visitor.page.wait_for_timeout(1000)  # what moves has come to rest
        with Image.open(io.BytesIO(visitor.page.screenshot())) as picture:
            picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(to, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
