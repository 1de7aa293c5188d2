"""Pages of what is long (100,000 epochs, 10,000 versions): how soon one can use them, and in how much memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Browser
from sqlalchemy import create_engine, insert, select, update

from service.client import Client, Dataset
from service.store.session import new_id
from service.store.tables import ModelRow, VersionRow
from tests.benchmarks.pages.memory import megabytes, pages_processes
from tests.integration.pages.visitor import Visitor, visiting

EPOCHS, VERSIONS = 100_000, 10_000
JOB_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Shown:
    seconds: float
    megabytes: float
    heap_megabytes: float


def long_job(client: Client, dataset: Dataset, model: str = "long") -> str:
    """A job that has gone through 100,000 epochs."""
    job = client.train(
        dataset, "progression", model, wait=False, epochs=EPOCHS, early_stopping=None, refit="never", batch_size="full",
        optimizer={"kind": "sgd", "learning_rate": 1e-4}, schedule="constant",
    )  # fmt: skip
    client.wait(job.id)
    return job.id


def many_versions(database_url: str, model: str) -> None:
    """Further versions of a model that has one, as rows alone: lists are made of these."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        row = dict(
            connection.execute(select(VersionRow.__table__).where(VersionRow.model_name == model)).one()._mapping
        )
        numbers = range(row["version"] + 1, VERSIONS + 1)
        connection.execute(
            insert(VersionRow.__table__), [{**row, "version": number, "job_id": new_id("job")} for number in numbers]
        )
        connection.execute(update(ModelRow.__table__).where(ModelRow.name == model).values(last_version=VERSIONS))
    engine.dispose()


def shown(browser: Browser, url: str, path: str, usable: str, use: Callable[[Visitor], None]) -> Shown:
    """Open a page by its address; `usable`: a selector of what one waits for; `use` does something with it."""
    with visiting(browser, url) as visitor:
        visitor.go("/")
        visitor.settled()  # what all pages share is there, as it is for somebody who comes from another page
        began = time.monotonic()
        visitor.go(path)
        visitor.page.locator(usable).first.wait_for()
        use(visitor)
        seconds = time.monotonic() - began
        time.sleep(3)  # what comes late counts as well
        held = max(megabytes([it]) for it in pages_processes())  # a page is in one; another waits for the next page
        return Shown(seconds, held, heap_megabytes(visitor))


def turn_the_scale(visitor: Visitor) -> None:
    """Have a curve drawn again on a logarithmic scale."""
    visitor.main.get_by_label("Logarithmic scale").first.check()
    visitor.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def scroll(visitor: Visitor) -> None:
    """Some screens on, to versions that were not drawn."""
    rows = visitor.main.get_by_role("table").first.locator("xpath=..")
    rows.evaluate("it => { it.scrollTop = 40 * it.querySelector('tbody tr').offsetHeight }")
    visitor.link(f"version {VERSIONS - 40}").wait_for()


def heap_megabytes(visitor: Visitor) -> float:
    """What the page's scripts hold."""
    debugger = visitor.page.context.new_cdp_session(visitor.page)
    debugger.send("HeapProfiler.collectGarbage")
    usage = debugger.send("Runtime.getHeapUsage")
    return float(usage["usedSize"]) / 1e6
