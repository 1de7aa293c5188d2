"""Run a command and end with the status that says how it went."""

from __future__ import annotations

from collections.abc import Sequence

from service.cli import batching, learning, looking, machine, predicting, registry, taking
from service.cli.app import SERVER, USAGE, app, status_of, tell

COMMANDS = (machine, learning, predicting, batching, looking, registry, taking)  # each adds its commands to the app


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status. An error is told in a few lines; a trace is shown for a fault of ours only."""
    try:
        app(arguments, prog_name="adaline")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        tell(f"error: {error}")
        if status == SERVER and (request_id := getattr(error, "request_id", None)):
            tell(f"the server's log has more under {request_id}")
        return status
    return 0
