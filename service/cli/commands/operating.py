"""Commands of those who run a server: who works, and what owners may have."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any

import typer

from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Url, Wide, app, connect, refusal, show, tell
from service.cli.commands.looking import LimitOption

OwnerId = Annotated[str, typer.Argument(metavar="OWNER", help="The owner's name.")]
LOOK_SECONDS, MOST_SECONDS = 0.5, 120.0

owners = typer.Typer(no_args_is_help=True, help="List owners, limit what they may have, delete everything of one.")
app.add_typer(owners, name="owners", rich_help_panel=THERE)


@app.command(rich_help_panel=THERE)
def workers(url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """List the workers: for what they are there, and what each process does since when."""
    from service.cli.showing.rendering import table

    with connect(url, key) as client:
        found = client.workers()
    columns = ("worker", "state", "takes", "processes", "doing", "since")
    show(as_json, found, lambda: table(columns, [line for one in found for line in _lines(one)]), wide)


@owners.command("list")
def list_owners(
    limit: LimitOption = 20, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False
) -> None:
    """List the owners, with the limits of their own."""
    from service.cli.showing.rendering import moment, table

    with connect(url, key) as client:
        found = list(islice(client.owners(), limit))
    rows = ([one.id, _limits(one.limits), moment(one.created_at)] for one in found)
    show(as_json, [one.json for one in found], lambda: table(("owner", "limits", "created"), rows), wide)


@owners.command("show")
def show_owner(
    id: OwnerId, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False
) -> None:
    """Show what an owner may have, and what it has."""
    from service.cli.showing.rendering import table

    with connect(url, key) as client:
        one = client.owner(id)
    used, allowed = one.used or {}, one.allowed or {}
    rows = ([name, f"{used[name]:,}" if name in used else "", f"{most:,}" if most else "–"]
            for name, most in allowed.items())  # fmt: skip
    show(as_json, one.json, lambda: table(("limit", "used", "allowed"), rows), wide)


@owners.command()
def limit(
    id: OwnerId,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NAME=N", help="A limit, such as queued_jobs=100. Repeatable.")
    ] = None,
    url: Url = LOCAL,
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Give an owner limits of its own, in the place of those that it had; without --to it has the usual ones."""
    from rich.text import Text

    wanted: dict[str, int] = {}
    for word in to or ():
        name, is_one, number = word.partition("=")
        if not (is_one and number.isascii() and number.isdecimal()):
            raise refusal(f"--to {word!r}: write NAME=N, such as queued_jobs=100")
        wanted[name] = int(number)
    with connect(url, key) as client:
        one = client.limit_owner(id, wanted)
    show(as_json, one.json, lambda: Text(f"{id}: {_limits(one.limits)}"))


@owners.command()
def delete(
    id: OwnerId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = LOCAL,
    key: KeyOption = None,
) -> None:
    """Delete everything of an owner: datasets, jobs, models, webhooks, shares and keys."""
    if not yes and not typer.confirm(f"Delete everything of {id}, for good?"):
        raise refusal("nothing was deleted")
    until = time.monotonic() + MOST_SECONDS
    with connect(url, key) as client:
        while running := client.delete_owner(id):
            if time.monotonic() > until:
                raise refusal(f"{', '.join(running)} still run, and have been told to stop; ask again later")
            time.sleep(LOOK_SECONDS)
    tell(f"everything of {id} is deleted")


def _limits(own: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in own.items()) or "the usual ones"


def _lines(worker: Mapping[str, Any]) -> list[list[str]]:
    """A line for each thing that a worker does, or one."""
    first = [worker["id"], worker["state"], ", ".join(worker["roles"]), str(worker["processes"])]
    doing = [[f"{one['kind']} {one['id']}", str(one["since"] or "")] for one in worker["doing"]] or [["nothing", ""]]
    return [[*(first if number == 0 else [""] * len(first)), *line] for number, line in enumerate(doing)]
