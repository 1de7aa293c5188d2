"""The names and ids that a server has, for a shell that completes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from service.client.records import Record

SECONDS = 1.0  # who presses Tab does not wait for a server that is away
MOST = 100


def models(context: typer.Context, incomplete: str) -> list[str]:
    return _found(context, incomplete, "models", "name")


def datasets(context: typer.Context, incomplete: str) -> list[str]:
    return _found(context, incomplete, "datasets", "id")


def jobs(context: typer.Context, incomplete: str) -> list[str]:
    return _found(context, incomplete, "jobs", "id")


def anything(context: typer.Context, incomplete: str) -> list[str]:
    kinds = {"ds_": datasets, "job_": jobs}
    return next((ask for start, ask in kinds.items() if incomplete.startswith(start)), models)(context, incomplete)


def _found(context: typer.Context, incomplete: str, kind: str, name: str) -> list[str]:
    """Names that begin with `incomplete`, newest first; none if the server cannot be reached."""
    from service.client import Client, ClientError

    try:
        with Client(str(context.params.get("url")), SECONDS, key=context.params.get("key")) as client:
            listed: dict[str, Iterator[Record]] = {
                "models": client.models(), "datasets": client.datasets(), "jobs": client.jobs()
            }  # fmt: skip
            words = [str(record.json[name]) for record in islice(listed[kind], MOST)]
    except (ClientError, ValueError, KeyError):
        return []
    return [word for word in words if word.startswith(incomplete)]
