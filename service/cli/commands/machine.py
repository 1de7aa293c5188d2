"""Commands that run a server, or parts of one, on this machine."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.app import FAILED, HERE, AsJson, Wide, app, show

if TYPE_CHECKING:
    from service.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on (ADALINE_HOST).")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one (ADALINE_PORT).")
]
DataOption = Annotated[Path | None, typer.Option(help="Directory of the database, blobs and sockets (ADALINE_DATA).")]
Queues = Annotated[
    str | None,
    typer.Option(help="Kinds of work to take, comma-separated: train, ingest (default: both); or short alone."),
]


@app.command(rich_help_panel=HERE)
def serve(host: Host = None, port: Port = None, data: DataOption = None) -> None:
    """Run everything: API, workers, sweeper and their queue."""
    from service import supervisor

    raise typer.Exit(supervisor.serve(settings_chosen(host=host, port=port, data=data)))


@app.command(rich_help_panel=HERE)
def api(host: Host = None, port: Port = None) -> None:
    """Run the API alone."""
    from service import supervisor

    raise typer.Exit(supervisor.api(settings_chosen(host=host, port=port)))


@app.command(rich_help_panel=HERE)
def worker(queues: Queues = None) -> None:
    """Run the training processes alone."""
    from service import supervisor
    from service.queue import QUEUES

    chosen = queues.split(",") if queues else QUEUES
    raise typer.Exit(supervisor.worker(settings_chosen(), chosen))


@app.command(rich_help_panel=HERE)
def sweep() -> None:
    """Run the sweeper alone: it requeues lost work and deletes unused data."""
    from service import supervisor

    raise typer.Exit(supervisor.sweep(settings_chosen()))


@app.command(rich_help_panel=HERE)
def settings(wide: Wide = False, as_json: AsJson = False) -> None:
    """List every setting: its value, where that came from, and its meaning."""
    from service.cli.showing import rendering

    listed = settings_chosen().describe(os.environ)
    columns = ("name", "value", "from", "meaning")
    show(as_json, listed, lambda: rendering.table(columns, ([row[name] for name in columns] for row in listed)), wide)


@app.command(rich_help_panel=HERE)
def doctor(as_json: AsJson = False) -> None:
    """Name what is unsafe or broken in this deployment, each with its mend; exit status 1 when anything is."""
    from service.cli.showing.diagnosis import diagnosis
    from service.doctor import examine

    found = examine(os.environ)
    show(as_json, [asdict(finding) for finding in found], lambda: diagnosis(found))
    raise typer.Exit(FAILED if found else 0)


@app.command(rich_help_panel=HERE)
def openapi() -> None:
    """Print the description of the HTTP API: OpenAPI 3.1, as YAML."""
    from service.api.openapi import text

    sys.stdout.write(text())


def settings_chosen(**chosen: Any) -> Settings:
    """The environment's settings, where the command line says nothing else. Raises SettingInvalid."""
    from service.settings import Settings

    return replace(Settings.from_environment(), **{name: value for name, value in chosen.items() if value is not None})
