"""Commands that look at what a server has: datasets, jobs, models, report."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from service.cli.app import LOCAL, THERE, AsJson, Ref, Url, app, connect, show

One = Annotated[str | None, typer.Argument(help="Show this one in detail.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to list, newest first.")]
State = Annotated[str | None, typer.Option(help="Only those in this state: queued, running, succeeded, …")]


@app.command(rich_help_panel=THERE)
def datasets(id: One = None, limit: Limit = 20, url: Url = LOCAL, as_json: AsJson = False) -> None:
    """List datasets, or show one with its columns."""
    from service.cli import rendering

    with connect(url) as client:
        if id is not None:
            dataset = client.dataset(id)
            show(as_json, dataset.json, lambda: rendering.dataset(dataset))
            return
        listed = list(islice(client.datasets(), limit))
    show(as_json, [it.json for it in listed], lambda: rendering.datasets(listed))


@app.command(rich_help_panel=THERE)
def jobs(id: One = None, state: State = None, limit: Limit = 20, url: Url = LOCAL, as_json: AsJson = False) -> None:
    """List jobs, or show one."""
    from service.cli import rendering

    with connect(url) as client:
        if id is not None:
            job = client.job(id)
            show(as_json, job.json, lambda: rendering.job(job))
            return
        listed = list(islice(client.jobs(state=state), limit))
    show(as_json, [it.json for it in listed], lambda: rendering.jobs(listed))


@app.command(rich_help_panel=THERE)
def models(name: One = None, limit: Limit = 20, url: Url = LOCAL, as_json: AsJson = False) -> None:
    """List models, or show one with its versions and their metrics."""
    from service.cli import rendering

    with connect(url) as client:
        if name is not None:
            model, versions = client.model(name), list(islice(client.versions(name), limit))
            answer = {**model.json, "versions": [it.json for it in versions]}
            show(as_json, answer, lambda: rendering.model(model, versions))
            return
        listed = list(islice(client.models(), limit))
    show(as_json, [it.json for it in listed], lambda: rendering.models(listed))


@app.command(rich_help_panel=THERE)
def report(ref: Ref, url: Url = LOCAL, as_json: AsJson = False) -> None:
    """Show how good a version is, beside the baseline, and what the data's curvature allows."""
    from service.cli import reporting

    with connect(url) as client:
        version = client.version(ref)
        found = client.report(version.ref)
    show(as_json, found, lambda: reporting.page(version, found))
