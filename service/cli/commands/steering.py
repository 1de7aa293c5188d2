"""Commands on a job that waits or runs: cancel, pause, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import known
from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Url, Wide, app, connect, show

if TYPE_CHECKING:
    from service.client.records import Job

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=known.jobs)]


@app.command(rich_help_panel=THERE)
def cancel(job: JobId, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """Cancel a job: at once while it waits, at its next batch while it runs."""
    with connect(url, key) as client:
        _show(client.cancel(job), wide, as_json)


@app.command(rich_help_panel=THERE)
def pause(job: JobId, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """Pause a job: at its next batch it is saved and frees its worker. `adaline resume` lets it go on."""
    with connect(url, key) as client:
        _show(client.pause(job), wide, as_json)


@app.command(rich_help_panel=THERE)
def resume(job: JobId, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """Resume a paused job: it waits in line again, and goes on from what is saved."""
    with connect(url, key) as client:
        _show(client.resume(job), wide, as_json)


def _show(job: Job, wide: bool, as_json: bool) -> None:
    from service.cli.showing import rendering

    show(as_json, job.json, lambda: rendering.job(job), wide)
