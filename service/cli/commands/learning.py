"""Commands that give a server work: upload, train, compare."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.app import INTERRUPTED, LOCAL, THERE, AsJson, KeyOption, Url, Wide, app, connect, refusal, show, tell

if TYPE_CHECKING:
    from service.client import Client, Dataset, Job

STDIN = "-"
TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A CSV file (also .gz or .zst) or a Parquet file; - reads a CSV from standard input."
    ),
]
DataArgument = Annotated[str, typer.Argument(metavar="FILE|ID", help="A CSV file to upload, or the id of a dataset.")]
TargetOption = Annotated[str, typer.Option(help="The column to predict.")]
TargetsOption = Annotated[
    list[str], typer.Option("--target", help="The column to predict. Repeat for several numeric targets.")
]
ModelName = Annotated[str | None, typer.Option("--model", help="Name of the model. Default: the file's name.")]
Hidden = Annotated[
    str | None, typer.Option(help="Sizes of the hidden layers, such as 16,16. Default: none, a linear neuron.")
]
Choices = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Set a field of the spec, such as optimizer.learning_rate=0.1. Repeatable."
    ),
]
CheckOption = Annotated[
    bool, typer.Option("--check", help="Show what would be run, with warnings and estimates; train nothing.")
]
WatchOption = Annotated[bool, typer.Option(help="Wait until the job ends, or exit once it is queued.")]


@contextmanager
def choices_refused() -> Iterator[None]:
    """Ends the program where a choice cannot be read, and says which."""
    from service.cli.choices import ChoiceInvalid

    try:
        yield
    except ChoiceInvalid as error:
        raise refusal(str(error)) from None


@app.command(rich_help_panel=THERE)
def upload(
    file: TableArgument,
    name: Annotated[str | None, typer.Option(help="Name of the dataset. Default: the file's name.")] = None,
    delimiter: Annotated[
        str | None, typer.Option(help='Delimiter between cells: one character, "tab" or "space".')
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding, such as windows-1252.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first line is a header.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COLUMN=KIND",
            help="Declare the kind of a column, such as zip=categorical or born=datetime:dmy. Repeatable.",
        ),
    ] = None,
    null_values: Annotated[
        list[str] | None, typer.Option("--null", metavar="WORD", help="A word that marks a missing cell. Repeatable.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help='Decimal mark: "." or ",".')] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show how the file would be read; store nothing.")] = False,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Upload a table and wait until it is ready. Options left out are detected from the file."""
    from service.cli import choices as chosen
    from service.cli.showing import rendering

    with choices_refused():
        kinds = chosen.kinds_of(types or []) or None
    options = {
        "delimiter": delimiter,
        "encoding": encoding,
        "header": header,
        "types": kinds,
        "null_values": null_values or None,
        "decimal": decimal,
    }
    with connect(url, key) as client:
        if preview:
            seen = client.preview(sys.stdin.buffer if file == STDIN else file, **options)
            show(as_json, seen, lambda: rendering.preview(seen), wide)
            return
        dataset = _uploaded(client, file, name, **options)
    show(as_json, dataset.json, lambda: rendering.dataset(dataset), wide)


@app.command(rich_help_panel=THERE)
def train(
    data: DataArgument,
    target: TargetsOption,
    model: ModelName = None,
    hidden: Hidden = None,
    choices: Choices = None,
    check: CheckOption = False,
    watch: WatchOption = True,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Train a model and publish it as the next version of its name."""
    from service.cli import choices as chosen
    from service.cli.showing import checking, rendering, reporting

    with connect(url, key) as client:
        with choices_refused():
            spec = chosen.with_hidden(chosen.spec_of(choices or []), hidden)
            dataset = dataset_of(client, data)
            name = model or chosen.model_name(data if os.path.exists(data) else dataset.name)
        spec = {**spec, "dataset": dataset.id, "target": target if len(target) > 1 else target[0], "model": name}
        if check:
            found = client.validate(spec)
            show(as_json, found, lambda: checking.page(found), wide)
            return
        job = client.submit(spec)
        if not watch:
            show(as_json, job.json, lambda: rendering.job(job), wide)
            return
        version = client.version_of(followed(client, job))
        report = client.report(version.ref)
    show(as_json, version.json, lambda: reporting.published(version, report), wide)


@app.command(rich_help_panel=THERE)
def compare(
    data: DataArgument,
    target: TargetOption,
    hidden: Hidden = None,
    choices: Choices = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Write the pictures to this folder.", file_okay=False, show_default=False)
    ] = None,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Compare batch, stochastic and mini-batch descent on a table, with and without scaling."""
    from service.cli import choices as chosen
    from service.cli.showing import comparing

    with connect(url, key) as client:
        with choices_refused():
            spec = chosen.with_hidden(chosen.spec_of(choices or []), hidden)
        dataset = dataset_of(client, data)
        job = client.submit({**spec, "kind": "descent-comparison", "dataset": dataset.id, "target": target})
        comparison = client.result(followed(client, job).id)["comparison"]
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for name in comparing.PICTURES & set(comparison.get("pictures") or ()):
            (pictures / name).write_text(comparison["pictures"][name], encoding="utf-8")
    show(as_json, comparison, lambda: comparing.page(comparison), wide)


def dataset_of(client: Client, data: str) -> Dataset:
    """The dataset of a file, which is uploaded, or of an id."""
    if data == STDIN or os.path.exists(data):
        return _uploaded(client, data)
    if not data.startswith("ds_"):
        raise refusal(f"{data!r} is neither a file here nor the id of a dataset (ds_…)")
    return client.ready(data)


def followed(client: Client, job: Job) -> Job:
    """The job, shown while it runs, once it has succeeded."""
    from service.cli.showing.rendering import console
    from service.cli.showing.watching import follow

    try:
        follow(client.events(job.id), console(stderr=True))
        return client.wait(job.id)
    except KeyboardInterrupt:
        tell(f"\n{job.id} continues on the server; `adaline jobs {job.id}` shows it, `adaline cancel {job.id}` ends it")
        raise typer.Exit(INTERRUPTED) from None


def _uploaded(client: Client, file: str, name: str | None = None, **options: Any) -> Dataset:
    """Upload a file, with a bar on a terminal."""
    if file == STDIN:
        return client.upload(sys.stdin.buffer, name, **options)
    from service.cli.commands.sending import shown

    with shown(Path(file), "uploading") as reader:
        return client.upload(reader, name, **options)
