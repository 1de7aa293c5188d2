"""Rejects: the rows that are not in the table, as they stand in the file, and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import WorkFailed


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not in the table: its physical line, the column and why, as it stands in the file."""

    line: int
    column: str
    reason: str
    raw: str

    @property
    def sentence(self) -> str:
        column = f", column {self.column!r}" if self.column else ""
        return f"line {self.line}{column}: {self.reason}"


def refuse_too_many(rejects: Sequence[Reject], most: int) -> None:
    """Raises WorkFailed with the first ten when there are more than `most`."""
    if len(rejects) > most:
        first = "; ".join(reject.sentence for reject in sorted(rejects, key=lambda one: one.line)[:10])
        raise WorkFailed("too_many_rejects", f"more than {most} rows cannot be read: {first}")


def rejects_csv(rejects: Sequence[Reject]) -> bytes:
    """The rejects as a CSV; a cell that a spreadsheet would run as a formula is kept from it by an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["line", "column", "reason", "raw"])
    for reject in rejects:
        writer.writerow([reject.line, *(_neutral(cell) for cell in (reject.column, reject.reason, reject.raw))])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _neutral(cell: str) -> str:
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
