"""Lines that could not be read, made readable: each reason with its count, and an example."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rich.console import RenderableType

from service.cli.showing.rendering import figure, table

LONGEST = 60  # characters of a line that is shown as an example
MOST = 20  # reasons


def lines_of(content: bytes) -> list[dict[str, str]]:
    """The CSV that a server sends: line, column, reason, raw."""
    csv.field_size_limit(max(len(content), 1))
    return list(csv.DictReader(io.StringIO(content.decode(errors="replace"), newline="")))


def page(lines: Sequence[dict[str, str]]) -> RenderableType:
    """The reasons, the most frequent first, each with the first line that has it."""
    if not lines:
        return "every line could be read"
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in lines:
        found.setdefault((one["column"], one["reason"]), []).append(one)
    rows = [
        (figure(len(those)), column, reason, those[0]["line"], _short(those[0]["raw"]))
        for (column, reason), those in sorted(found.items(), key=lambda item: -len(item[1]))[:MOST]
    ]
    return table(("lines", "column", "reason", "first line", "it is"), rows, ("lines", "first line"), ("it is",))


def _short(raw: str) -> str:
    return raw if len(raw) <= LONGEST else raw[: LONGEST - 1] + "…"
