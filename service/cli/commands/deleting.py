"""The command that forgets: delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import known
from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Url, app, connect, refusal, show

if TYPE_CHECKING:
    from service.client import Client

What = Annotated[
    list[str],
    typer.Argument(
        metavar="WHAT...",
        help="What to delete: a dataset (ds_…), a job that has ended (job_…), a version (name:3), an alias "
        "(name@alias), or a model without versions (name).",
        autocompletion=known.anything,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Delete a dataset that is in use, or a model with all its versions.")
]


@app.command(rich_help_panel=THERE)
def delete(
    what: What, force: ForceOption = False, url: Url = LOCAL, key: KeyOption = None, as_json: AsJson = False
) -> None:
    """Delete datasets, jobs, versions, aliases and models."""
    from rich.text import Text

    deleted = []
    with connect(url, key) as client:
        for one in what:
            _delete(client, one, force)
            deleted.append(one)
    show(as_json, {"deleted": deleted}, lambda: Text("\n".join(f"{one} is deleted" for one in deleted)))


def _delete(client: Client, what: str, force: bool) -> None:
    name, mark, rest = what.partition("@") if "@" in what else what.partition(":")
    if what.startswith("ds_"):
        client.delete_dataset(what, force)
    elif what.startswith("job_"):
        client.delete_job(what)
    elif mark == "@":
        client.delete_alias(name, rest)
    elif mark and not (rest.isascii() and rest.isdecimal()):
        raise refusal(
            f"{what}: delete a version by its number, as {name}:3; `adaline versions {name}` lists the versions"
        )
    elif mark:
        client.delete_version(name, int(rest))
    else:
        client.delete_model(what, force)
