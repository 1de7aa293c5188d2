"""Run a command and end with the status that says how it went."""

from __future__ import annotations

import os
from collections.abc import Sequence

from service.cli.app import SERVER, USAGE, app, status_of, tell
from service.cli.commands import (
    batching,
    completing,
    deleting,
    keeping,
    keys,
    learning,
    looking,
    machine,
    operating,
    predicting,
    registry,
    sharing,
    steering,
    tables,
    taking,
)
from service.cli.commands.completing import COMPLETES

# each adds its commands to the app
COMMANDS = (
    machine,
    keeping,
    completing,
    learning,
    predicting,
    batching,
    steering,
    looking,
    tables,
    registry,
    sharing,
    taking,
    deleting,
    operating,
    keys,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status. An error is told in a few lines; a trace is shown for a fault of ours only."""
    if COMPLETES in os.environ:  # a shell asks for what may come next
        from typer._completion_classes import completion_init

        completion_init()
    try:
        app(arguments, prog_name="adaline")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        from service.cli.showing.wording import told

        tell(f"error: {told(error)}")
        if status == SERVER and (request_id := getattr(error, "request_id", None)):
            tell(f"the server's log has the details under {request_id}")
        return status
    return 0
