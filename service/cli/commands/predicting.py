"""Predict for the rows of a file, whatever its size: file to file, in pieces."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Ref, Url, app, connect, refusal, tell

if TYPE_CHECKING:
    from service.client import Client

STDIN = "-"
RowsFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Rows: a CSV (also .gz or .zst), JSON lines (.jsonl), JSON or Parquet file; - reads a CSV from standard "
        "input.",
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")]
FormatOption = Annotated[Literal["csv", "json", "jsonl"], typer.Option("--format", help="Format of the predictions.")]


@app.command(rich_help_panel=THERE)
def predict(
    ref: Ref,
    file: RowsFile,
    out: OutOption = None,
    form: FormatOption = "csv",
    echo: Annotated[
        bool | None,
        typer.Option("--echo/--no-echo", help="Repeat the file's columns before the predictions. Default with --out."),
    ] = None,
    on_error: Annotated[
        Literal["fail", "null"],
        typer.Option(help="What to do with a row that cannot be read: fail, or leave it empty."),
    ] = "fail",
    delimiter: Annotated[str | None, typer.Option(help='Delimiter of a CSV: one character, "tab" or "space".')] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding, such as windows-1252.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first line is a header.")
    ] = None,
    intervals: Annotated[
        float | None, typer.Option(help="Add intervals that contain the true value with this probability, such as 0.9.")
    ] = None,
    contributions: Annotated[
        bool, typer.Option("--contributions", help="Add each feature's contribution (linear neurons).")
    ] = False,
    url: Url = LOCAL,
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Predict every row of a file. Options left out are those of the model's dataset."""
    form = "json" if as_json else form
    is_table = not file.endswith(".json")
    if echo and (form == "json" or not is_table):
        raise refusal(
            "a JSON answer cannot repeat columns: leave out --echo, or use --format csv or jsonl with a table"
        )
    if echo is None:
        echo = out is not None and is_table and form != "json"
    told = {"delimiter": delimiter, "encoding": encoding, "header": header, "intervals": intervals}
    options: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    options |= {"on_error": "null"} if on_error == "null" else {}
    options |= {"echo": True} if echo else {}
    options |= {"contributions": True} if contributions else {}
    with connect(url, key) as client:
        chunks = _predictions(client, ref, file, form, options)
        first = next(chunks, b"")  # what is wrong comes before there is a file
        if out is None:
            with open(sys.stdout.fileno(), "wb", closefd=False) as sink:
                sink.write(first)
                sink.writelines(chunks)
            return
        begun = out.with_name(out.name + ".part")  # until it is whole
        try:
            with begun.open("wb") as sink:
                sink.write(first)
                sink.writelines(chunks)
            begun.replace(out)
        finally:
            begun.unlink(missing_ok=True)
    tell(f"predictions are in {out}")


def _predictions(client: Client, ref: str, file: str, form: str, options: dict[str, Any]) -> Iterator[bytes]:
    if file.endswith(".json"):
        try:
            source: Any = nullcontext(json.loads(Path(file).read_bytes()))
        except ValueError as error:
            raise refusal(f"{file} is not JSON: {error}") from None
    elif file == STDIN:
        source = nullcontext(sys.stdin.buffer)
    else:
        from service.cli.commands.sending import shown

        source = shown(Path(file), "predicting")
    with source as rows:
        if form == "csv":
            yield from client.predict_csv(ref, rows, **options)
        elif form == "jsonl":
            yield from client.predict_lines(ref, rows, **options)
        else:
            answered = client.predict_with(ref, rows, **options)
            told = answered if len(answered) > 1 else answered["predictions"]
            yield json.dumps(told, ensure_ascii=False).encode() + b"\n"
