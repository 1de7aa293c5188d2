"""Commands that keep an installation: backup, restore, status, usage."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.app import HERE, LOCAL, THERE, AsJson, Url, Wide, app, connect, show, tell
from service.cli.commands.machine import DataOption, settings_chosen

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.blobs.store import Blobs
    from service.store.session import Database

TELL_SECONDS = 2.0

Where = Annotated[str, typer.Argument(metavar="PLACE", help="A directory, or s3://bucket/prefix.")]
Endpoint = Annotated[
    str | None, typer.Option(help="Endpoint of the place's S3-compatible server (ADALINE_S3_ENDPOINT_URL).")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read all that earlier backups have left, and replace what is damaged.")
]
Keep = Annotated[
    int | None,
    typer.Option(
        min=1, help="Then delete all but so many backups, the newest, and the files that only the others had."
    ),
]
BackupName = Annotated[str | None, typer.Option("--name", help="Which backup; default: the newest.")]
EveryOwner = Annotated[bool, typer.Option("--all", help="Of every owner; needs a key with the scope admin.")]
ListOption = Annotated[bool, typer.Option("--list", help="List the backups of this place, and restore nothing.")]


@app.command(rich_help_panel=HERE)
def backup(
    place: Where,
    verify: Verify = False,
    keep: Keep = None,
    s3_endpoint_url: Endpoint = None,
    data: DataOption = None,
    as_json: AsJson = False,
) -> None:
    """Back up the database and all stored files, also while Adaline runs."""
    from service.cli.showing.backups import taken
    from service.store.backups.place import open_place
    from service.usecases.keeping.back_up import back_up
    from service.usecases.keeping.prune import prune

    settings = settings_chosen(data=data)
    with _store(settings, must_exist=True) as (database, blobs):
        kept = open_place(place, s3_endpoint_url or settings.s3_endpoint_url)
        made = back_up(database, blobs, kept, verify, _progress("copied"))
    pruned = None if keep is None else prune(kept, keep)
    told = {"name": made.name, **asdict(made.manifest), "new_blobs": made.new_blobs, "new_bytes": made.new_bytes}
    if pruned is not None:
        told["pruned"] = asdict(pruned)
    show(as_json, told, lambda: taken(made, place, pruned))


@app.command(rich_help_panel=HERE)
def restore(
    place: Where,
    name: BackupName = None,
    listed: ListOption = False,
    s3_endpoint_url: Endpoint = None,
    data: DataOption = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty database and an empty store."""
    from service.cli.showing.backups import listing, restored
    from service.store.backups.manifest import read_manifest
    from service.store.backups.place import open_place
    from service.usecases.keeping.restore import restore as put_back

    settings = settings_chosen(data=data)
    kept = open_place(place, s3_endpoint_url or settings.s3_endpoint_url)
    if listed:
        found = {one: read_manifest(one, kept.read(one)) for one in reversed(kept.names())}
        show(as_json, [{"name": one, **asdict(it)} for one, it in found.items()], lambda: listing(found))
        return
    with _alone(settings), _store(settings, must_exist=False) as (database, blobs):
        done = put_back(kept, name, database, blobs, _progress("restored"))
    told = {"name": done.name, **asdict(done.manifest), "new_blobs": done.new_blobs}
    show(as_json, told, lambda: restored(done, place))


@contextlib.contextmanager
def _store(settings: Settings, *, must_exist: bool) -> Iterator[tuple[Database, Blobs]]:
    """The database and the blobs that the settings name. Raises CannotStart where an embedded one is to be there and is
    not."""
    from sqlalchemy.engine import make_url

    from service.errors import CannotStart
    from service.store.blobs.store import open_blobs
    from service.store.session import Database

    url = make_url(settings.resolved_database_url)
    if must_exist and url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise CannotStart(f"there is no database {url.database}: name its directory with --data or ADALINE_DATA")
    database = Database(settings.resolved_database_url)
    try:
        yield database, open_blobs(settings.resolved_blobs_url, settings.s3_endpoint_url)
    finally:
        database.close()


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Nobody serves the data directory meanwhile. Raises AlreadyRunning."""
    from service.supervisor.lock import hold

    with contextlib.nullcontext() if settings.database_url else hold(settings.data):
        yield


def _progress(done: str) -> Callable[[int, int], None]:
    """Tells a person now and then how far it has come."""
    told = time.monotonic()

    def tell_now_and_then(number: int, of: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            tell(f"{number:,} of {of:,} blobs {done}")

    return tell_now_and_then


@app.command(rich_help_panel=THERE)
def status(url: Url = LOCAL, wide: Wide = False, as_json: AsJson = False) -> None:
    """Show how the server is: its parts, queues, workers, failures of the last day, storage."""
    from service.cli.showing import keeping

    with connect(url) as client:
        found = client.status()
    show(as_json, found, lambda: keeping.status(found), wide)


@app.command(rich_help_panel=THERE)
def usage(every: EveryOwner = False, url: Url = LOCAL, wide: Wide = False, as_json: AsJson = False) -> None:
    """Show what you have stored, or with --all every owner."""
    from service.cli.showing import keeping

    with connect(url) as client:
        found = client.usage_of_all() if every else client.usage()
    show(as_json, found, lambda: keeping.usage(found["data"] if every else [found]), wide)
