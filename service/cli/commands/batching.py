"""The command that predicts for a whole table on the server's workers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Ref, Url, Wide, app, connect, refusal, show, tell
from service.cli.commands.learning import DataArgument, dataset_of, followed

if TYPE_CHECKING:
    from service.client import Client

ResultFormatOption = Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Format of the result.")]
ResultOutOption = Annotated[Path | None, typer.Option(help="Write to this file. Default for CSV: standard output.")]
ResultWatchOption = Annotated[bool, typer.Option(help="Wait for the result, or exit once the job is queued.")]


@app.command(rich_help_panel=THERE)
def batch(
    ref: Ref,
    data: DataArgument,
    form: ResultFormatOption = "csv",
    out: ResultOutOption = None,
    watch: ResultWatchOption = True,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Predict every row of a dataset as a job on the server's workers."""
    from service.cli.showing import rendering

    to_screen = out is None and not as_json
    if watch and to_screen and form == "parquet":
        raise refusal("Parquet needs a file to go to: give --out")
    with connect(url, key) as client:
        job = client.batch_predict(ref, dataset_of(client, data), form)
        if watch:
            job = followed(client, job)
            if out is not None:
                _download(client, job.id, out)
            elif to_screen:
                with open(sys.stdout.fileno(), "wb", closefd=False) as sink:
                    sink.writelines(client.download_result(job.id))
                return
    show(as_json, job.json, lambda: rendering.job(job), wide)


def _download(client: Client, id: str, out: Path) -> None:
    """Write the result to a file that is whole or not there."""
    on_the_way = out.with_name(f"{out.name}.part")
    try:
        with on_the_way.open("wb") as sink:
            sink.writelines(client.download_result(id))
        on_the_way.replace(out)
    finally:
        on_the_way.unlink(missing_ok=True)
    tell(f"predictions are in {out}")
