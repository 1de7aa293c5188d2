"""Commands on versions and on what serves: versions, annotate, alias."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from service.cli import known
from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Ref, Url, Wide, app, connect, refusal, show
from service.cli.commands.looking import LimitOption, MetadataOption, metadata_of

Name = Annotated[str, typer.Argument(help="The model's name.", autocompletion=known.models)]


@app.command(rich_help_panel=THERE)
def versions(
    name: Name,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Compare two versions, each a number or an alias: which is better, and why."),
    ] = None,
    metadata: MetadataOption = None,
    limit: LimitOption = 20,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the versions of a model with their metrics, or compare two of them."""
    from service.cli.showing import serving, versus

    wanted = metadata_of(metadata)
    with connect(url, key) as client:
        if compare is not None:
            found = client.compare_versions(name, *compare)
            show(as_json, found, lambda: versus.page(found), wide)
            return
        model, listed = client.model(name), list(islice(client.versions(name, wanted), limit))
    show(as_json, [it.json for it in listed], lambda: serving.model(model, listed), wide)


@app.command(rich_help_panel=THERE)
def annotate(
    ref: Ref,
    entries: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE …", help="Entries to set in the version's metadata.")
    ] = None,
    delete: Annotated[
        list[str] | None, typer.Option("--delete", metavar="KEY", help="Delete this entry. Repeatable.")
    ] = None,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Note something with a version: set or delete entries of its metadata, then show all of them."""
    from service.cli.showing import serving

    changes = {**metadata_of(entries, option=""), **dict.fromkeys(delete or ())}
    with connect(url, key) as client:
        version = client.annotate(ref, changes)
    show(as_json, version.json, lambda: serving.metadata(version), wide)


@app.command(rich_help_panel=THERE)
def alias(
    name: Name,
    alias: Annotated[str, typer.Argument(help="An alias; the model's bare name means the alias default.")],
    version: Annotated[
        int | None, typer.Argument(min=1, help="The version to point the alias at; leave it out to show the alias.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the alias.")] = False,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Show an alias, point it at a version, or delete it; then show what the model's bare name means."""
    from service.cli.showing import serving

    if delete and version is not None:
        raise refusal("--delete takes no version")
    with connect(url, key) as client:
        if delete:
            client.delete_alias(name, alias)
        elif version is not None:
            client.set_alias(name, alias, version)
        else:
            client.alias(name, alias)
        model = client.model(name)
    show(as_json, model.json, lambda: serving.what_serves(model), wide)
