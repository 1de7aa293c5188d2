"""Commands on the files of a version: files, download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.app import LOCAL, THERE, AsJson, KeyOption, Ref, Url, Wide, app, connect, show

if TYPE_CHECKING:
    from rich.console import Group

    from service.client import Version

SCRIPT, GRAPH, CARD = "predict.py", "model.onnx", "model-card.md"
To = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to write to. Default: <model>-<version>.")]
ReplaceOption = Annotated[bool, typer.Option("--force", help="Replace existing files with other content.")]


@app.command(rich_help_panel=THERE)
def download(
    ref: Ref,
    to: To = None,
    force: ReplaceOption = False,
    url: Url = LOCAL,
    key: KeyOption = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Download all files of a version; they can predict without a server."""
    with connect(url, key) as client:
        version = client.version(ref)
        directory = client.download(version.ref, to, replace=force)
    names = [file["name"] for file in version.files]
    answer = {"model": version.model, "version": version.version, "directory": str(directory), "files": names}
    show(as_json, answer, lambda: _page(version, directory, names), wide)


@app.command(rich_help_panel=THERE)
def files(ref: Ref, url: Url = LOCAL, key: KeyOption = None, wide: Wide = False, as_json: AsJson = False) -> None:
    """List the files of a version: weights, report, pictures, and what predicts without a server."""
    from service.cli.showing.rendering import size, table

    with connect(url, key) as client:
        found = client.version(ref).files
    rows = [(file["name"], size(file["bytes"]), file["sha256"]) for file in found]
    show(as_json, found, lambda: table(("file", "size", "sha256"), rows, ("size",), ("sha256",)), wide)


def _page(version: Version, directory: Path, names: list[str]) -> Group:
    """Where the files are, and what to do with them."""
    from rich.console import Group
    from rich.text import Text

    from service.cli.showing.rendering import details, size

    n_bytes = sum(file["bytes"] for file in version.files)
    uses = {
        SCRIPT: f"python {directory / SCRIPT} rows.csv > predictions.csv (needs numpy and safetensors)",
        GRAPH: f'onnxruntime.InferenceSession("{directory / GRAPH}"): one input (rows, 1) for each feature',
        CARD: f"{directory / CARD} describes its purpose, quality and limits",
    }
    said = [(name, uses[name]) for name in uses if name in names]
    head = Text(f"{version.ref} is in {directory}: {len(names)} files, {size(n_bytes)}")
    return Group(head, details(tuple(said)))
