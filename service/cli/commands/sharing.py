"""Commands on who may predict with a model: share."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Url, Wide, app, connect, refusal, show
from service.cli.commands.registry import Name


@app.command(rich_help_panel=THERE)
def share(
    name: Name = "",
    grantee: Annotated[str | None, typer.Argument(metavar="[OWNER]", help="Who may predict with it.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Share it with this owner no longer.")] = False,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Share a model with another owner for predicting, as OWNER/NAME; or list with whom it is shared.

    Without a name: what other owners share.
    """
    from service.cli.showing.rendering import table

    if delete and grantee is None:
        raise refusal("--delete needs the model and the owner: adaline share NAME OWNER --delete")
    with connect(url, key) as client:
        if grantee is not None and delete:
            client.unshare(name, grantee)
        elif grantee is not None:
            client.share(name, grantee)
        found = [dict(one.json) for one in (client.shares(name) if name else client.shared_models())]
    cells = [(one["model"], one["grantee"], one["created_at"][:16]) for one in found]
    show(as_json, found, lambda: table(("model", "shared with", "since"), cells), wide)
