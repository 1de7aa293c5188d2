"""Commands that look at what a server has: datasets, jobs, models, report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from service.cli import known
from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Ref, Url, Wide, app, connect, refusal, show

if TYPE_CHECKING:  # a command that prints JSON imports no rich
    from rich.console import RenderableType

    from service.client.records import Record

Listed = TypeVar("Listed", bound="Record")
ONE = "Show only this one, in detail."
DatasetArgument = Annotated[str | None, typer.Argument(metavar="ID", help=ONE, autocompletion=known.datasets)]
JobArgument = Annotated[str | None, typer.Argument(metavar="ID", help=ONE, autocompletion=known.jobs)]
ModelArgument = Annotated[str | None, typer.Argument(metavar="NAME", help=ONE, autocompletion=known.models)]
LimitOption = Annotated[int, typer.Option(min=1, help="Number of items to list, newest first.")]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Only items with this entry in their metadata. Repeatable."),
]
StateOption = Annotated[str | None, typer.Option(help="Only jobs in this state: queued, running, succeeded, …")]


def metadata_of(words: list[str] | None, option: str = "--metadata ") -> dict[str, str]:
    """KEY=VALUE words by key; `option` stands before each. Ends the program for others."""
    entries = {}
    for word in words or ():
        key, is_one, value = word.partition("=")
        if not (key and is_one):
            raise refusal(f"{option}{word!r}: write KEY=VALUE")
        entries[key] = value
    return entries


def show_first(
    listing: Iterator[Listed], limit: int, as_json: bool, wide: bool, page: Callable[[list[Listed]], RenderableType]
) -> None:
    """The first of what the server lists."""
    first = list(islice(listing, limit))
    show(as_json, [it.json for it in first], lambda: page(first), wide)


@app.command(rich_help_panel=THERE)
def datasets(
    id: DatasetArgument = None,
    limit: LimitOption = 20,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List datasets, or show one with its columns."""
    from service.cli.showing import rendering

    with connect(url, key) as client:
        if id is not None:
            dataset = client.dataset(id)
            show(as_json, dataset.json, lambda: rendering.dataset(dataset), wide)
        else:
            show_first(client.datasets(), limit, as_json, wide, rendering.datasets)


@app.command(rich_help_panel=THERE)
def jobs(
    id: JobArgument = None,
    state: StateOption = None,
    metadata: MetadataOption = None,
    limit: LimitOption = 20,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List jobs, or show one."""
    from service.cli.showing import rendering

    wanted = metadata_of(metadata)
    with connect(url, key) as client:
        if id is not None:
            job = client.job(id)
            show(as_json, job.json, lambda: rendering.job(job), wide)
        else:
            show_first(client.jobs(state=state, metadata=wanted), limit, as_json, wide, rendering.jobs)


@app.command(rich_help_panel=THERE)
def models(
    name: ModelArgument = None,
    metadata: MetadataOption = None,
    limit: LimitOption = 20,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List models with the version that serves and their aliases, or show one with its versions and their metrics."""
    from service.cli.showing import serving

    wanted = metadata_of(metadata)
    with connect(url, key) as client:
        if name is not None:
            model, versions = client.model(name), list(islice(client.versions(name, wanted), limit))
            answer = {**model.json, "versions": [it.json for it in versions]}
            show(as_json, answer, lambda: serving.model(model, versions), wide)
        else:
            show_first(client.models(wanted), limit, as_json, wide, serving.models)


@app.command(rich_help_panel=THERE)
def report(ref: Ref, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """Show a version's report: metrics beside the baseline, curvature, importance."""
    from service.cli.showing import reporting

    with connect(url, key) as client:
        version = client.version(ref)
        found = client.report(version.ref)
    show(as_json, found, lambda: reporting.page(version, found), wide)
