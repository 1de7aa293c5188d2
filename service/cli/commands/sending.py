"""Files that are sent, with a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LONGEST = 30  # letters of a name that leaves room for the bar


@contextmanager
def shown(path: Path, what: str) -> Iterator[BinaryIO]:
    """The file, opened; what has been read of it is shown while it is sent. Raises OSError."""
    from rich.progress import wrap_file

    from service.cli.showing.rendering import console

    with path.open("rb") as content:
        bar = wrap_file(
            content,
            path.stat().st_size,
            description=what if len(path.name) > LONGEST else f"{what} {path.name}",
            console=console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        with bar as reader:
            stream: BinaryIO = reader
            yield stream
