"""The program that the commands belong to, what they share, and the exit status that each error ends in.

Start-up is part of how a command feels: whatever only some commands need is imported inside them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import known
from service.visible import visible, visible_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from service.client import Client

FAILED, USAGE, SERVER, INTERRUPTED = 1, 2, 3, 130
LOCAL = "http://127.0.0.1:8000"
HERE, THERE = "On this machine", "With a server"

app = typer.Typer(
    epilog="Exit status: 0 fine; 1 the job or the dataset failed; 2 wrong usage or bad input; 3 the server failed or "
    "cannot be reached; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Url = Annotated[str, typer.Option(envvar="ADALINE_URL", help="Address of the server.")]
KeyOption = Annotated[
    str | None,
    typer.Option(envvar="ADALINE_KEY", metavar="KEY", help="Key of the server, if it needs one (adl_…)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
Wide = Annotated[bool, typer.Option("--wide", help="Show every column, even beyond the window's width.")]
Ref = Annotated[str, typer.Argument(help="A model: name, name@alias or name:version.", autocompletion=known.models)]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"adaline {version('adaline')}\n")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train and serve linear neurons and small networks on tables."""


def connect(url: str, key: str | None = None) -> AbstractContextManager[Client]:
    """A client of the server at this address. Ends the program for what is no address, or no key."""
    from service.client import Client

    try:
        return Client(url, key=key)
    except ValueError as error:
        raise refusal(str(error)) from None


def show(as_json: bool, answer: Any, page: Callable[[], RenderableType], wide: bool = False) -> None:
    """Put a command's result on standard output: as JSON, or as a page for people, that fits their window unless it
    may be `wide`."""
    if as_json:
        sys.stdout.write(visible_json(json.dumps(answer, indent=2, ensure_ascii=False)) + "\n")
        return
    from service.cli.showing.rendering import console

    console(wide=wide).print(page(), crop=False)


def tell(text: str) -> None:
    """Say something beside the result."""
    from service.cli.showing.fitting import folded

    sys.stderr.write(folded(visible(text.rstrip()), sys.stderr.isatty()) + "\n")


def refusal(text: str) -> typer.Exit:
    """Say why a command cannot be carried out; what is returned ends the program when it is raised."""
    tell(f"error: {text}")
    return typer.Exit(USAGE)


def status_of(error: Exception) -> int | None:
    """The exit status that an error ends the program with; None for a fault of the program itself."""
    from service.client import ClientError, Failed, Occupied, Problem, ServerFault, Unavailable
    from service.errors import AdalineError

    if isinstance(error, Failed):
        return FAILED
    if isinstance(error, Occupied):
        return USAGE
    if isinstance(error, Problem) and not isinstance(error, ServerFault | Unavailable):
        return USAGE
    if isinstance(error, ClientError):
        return SERVER
    return USAGE if isinstance(error, AdalineError | OSError) else None
