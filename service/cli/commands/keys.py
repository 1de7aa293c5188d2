"""The commands of who runs the server: keys create, keys list, keys revoke.

Without an address they work on the database of this machine's settings, as who has a shell there does; with --url on a
server, which asks for a key with the scope admin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.app import HERE, AsJson, KeyOption, Wide, app, connect, refusal, show, tell
from service.cli.commands.looking import LimitOption

if TYPE_CHECKING:
    from service.store.session import Database

SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
COLUMNS = ("id", "owner", "name", "scopes", "created", "expires", "last used", "revoked")

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys.")
app.add_typer(keys, name="keys", rich_help_panel=HERE)

Server = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="ADALINE_URL", help="Address of a server. Default: this machine's database, directly."
    ),
]


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    scopes: Annotated[str, typer.Option(help="What it opens, comma-separated: read, predict, train, admin.")] = "train",
    owner: Annotated[str, typer.Option(help="Whose things it opens; a new name is a new owner.")] = "default",
    expires: Annotated[str | None, typer.Option(metavar="SPAN", help="How long it is good for: 30d, 12h.")] = None,
    url: Server = None,
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it: it is never shown again."""
    from rich.text import Text

    wanted = [scope for part in scopes.split(",") if (scope := part.strip())]
    until = None if expires is None else datetime.now(UTC) + _span(expires)
    if url is not None:
        with connect(url, key) as client:
            made = dict(client.create_key(name, wanted, owner, until).json)
    else:
        from service.usecases.keys import create_key

        with _database() as database:
            created = create_key(database, owner, name, wanted, until)
        made = {**_told(created.row), "key": created.text}
    tell(f"key {made['id']} of {made['owner']} opens {', '.join(made['scopes'])}; it is shown only now")
    show(as_json, made, lambda: Text(made["key"]), wide=True)


@keys.command("list")
def list_keys(
    owner: Annotated[str | None, typer.Option(help="Keys of this owner alone.")] = None,
    limit: LimitOption = 20,
    url: Server = None,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List keys, newest first; their secrets are not kept anywhere."""
    from service.cli.showing.rendering import table

    if url is not None:
        with connect(url, key) as client:
            listed: list[dict[str, Any]] = [dict(one.json) for one in islice(client.list_keys(owner), limit)]
    else:
        from service.store.access import keys as stored

        with _database() as database, database.read() as session:
            listed = [_told(row) for row in stored.listing(session, limit, None, owner).data]
    show(as_json, listed, lambda: table(COLUMNS, (_cells(one) for one in listed)), wide)


@keys.command()
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id: what stands between the first two underscores, and after.")],
    url: Server = None,
    key: KeyOption = None,
) -> None:
    """Revoke a key: it opens nothing any more, on any process."""
    from service.domain.access.keys import read_key

    given = read_key(id)  # who has the whole key at hand need not cut it
    id = id if given is None else given.id
    if url is not None:
        with connect(url, key) as client:
            client.revoke_key(id)
    else:
        from service.usecases.keys import revoke_key

        with _database() as database:
            revoke_key(database, None, id)
    tell(f"key {id} is revoked")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    if found is None:
        raise refusal(f"--expires: {text!r} is no span of time; write 30d, 12h, 90m or 8w")
    return timedelta(seconds=int(found[1]) * SPANS[found[2]])


@contextmanager
def _database() -> Iterator[Database]:
    """The database of this machine's settings, with this version's tables."""
    from service.settings import Settings
    from service.store.session import Database
    from service.supervisor.start import prepare_database

    settings = Settings.from_environment()
    prepare_database(settings)
    database = Database(settings.resolved_database_url)
    try:
        yield database
    finally:
        database.close()


def _told(row: Any) -> dict[str, Any]:
    """A key as the API tells it."""
    from service.api.schemas.keys import KeySchema

    told: dict[str, Any] = KeySchema().dump(row)
    return told


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    times = (one["created_at"], one["expires_at"], one["last_used_at"], one["revoked_at"])
    return (one["id"], one["owner"], one["name"], " ".join(one["scopes"]), *((at or "-")[:16] for at in times))
