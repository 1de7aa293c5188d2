"""Commands on what is in a dataset: profile, rejects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from service.cli import known
from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Url, Wide, app, connect, show, tell

Id = Annotated[str, typer.Argument(metavar="ID", help="The dataset's id.", autocompletion=known.datasets)]
Correlate = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Also show the correlation of the other numeric columns with this one."),
]
LinesOutOption = Annotated[Path | None, typer.Option(help="Write the rejected lines to this file, as CSV.")]


@app.command(rich_help_panel=THERE)
def profile(
    id: Id,
    correlate: Correlate = None,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Show statistics of each column of a dataset, and on request what a linear neuron could learn of one."""
    from service.cli.showing import profiling

    with connect(url, key) as client:
        found = client.profile(id, correlate)
    show(as_json, found, lambda: profiling.page(found), wide)


@app.command(rich_help_panel=THERE)
def rejects(
    id: Id,
    out: LinesOutOption = None,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Show why lines of a file were rejected: each reason with its count and its first line."""
    from service.cli.showing import rejecting

    with connect(url, key) as client:
        if out is not None:
            _write(client.rejects(id), out)
            return
        content = b"".join(client.rejects(id))
    lines = rejecting.lines_of(content)
    show(as_json, lines, lambda: rejecting.page(lines), wide)


def _write(chunks: Iterable[bytes], out: Path) -> None:
    with out.open("wb") as sink:
        sink.writelines(chunks)
    tell(f"the rejected lines are in {out}")
