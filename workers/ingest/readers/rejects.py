"""Rejects: rows that are not in the table, as they stand in the file, and why; told, counted, and bounded."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.domain.preflight.rejected import told
from service.errors import WorkFailed

MOST_SHARE = 1 / 3
"""A dataset that lacks more of its file's rows than this is none."""
MOST_REASONS = 10


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


class TooManyRejects(WorkFailed):
    """So many rows cannot be read that the rest is no table. `rows` are the others, None where not all are known."""

    def __init__(self, detail: str, rejects: Sequence[Reject], rows: int | None) -> None:
        super().__init__("too_many_rejects", detail)
        self.rejects = rejects
        self.rows = rows


def refuse_too_many(rejects: Sequence[Reject], most: int) -> None:
    """Raises TooManyRejects with the first ten when there are more than `most`."""
    if len(rejects) > most:
        first = "; ".join(reject.sentence for reject in sorted(rejects, key=lambda one: one.line)[:10])
        raise TooManyRejects(f"more than {most} rows cannot be read: {first}", rejects, None)


def refuse_too_large_a_share(rejects: Sequence[Reject], rows: int) -> None:
    """Raises TooManyRejects when more than a third of the file's rows are not among the `rows` of the table."""
    if len(rejects) > MOST_SHARE * (rows + len(rejects)):
        counted = "; ".join(map(told, reasons(rejects)[:3]))
        detail = f"{len(rejects):,} of {rows + len(rejects):,} rows cannot be read, more than a third: {counted}"
        raise TooManyRejects(detail, rejects, rows)


def reasons(rejects: Sequence[Reject]) -> list[dict[str, Any]]:
    """Why rows are not in the table: {"column", "reason", "count", "line"} of each column whose cells do not fit and of
    each flaw of whole rows, with the first line, the most frequent first."""
    groups: dict[tuple[str, str], list[Reject]] = {}
    for one in rejects:
        groups.setdefault((one.column, "" if one.column else one.reason), []).append(one)
    found = []
    for (column, _), members in groups.items():
        counts = Counter(one.reason for one in members)
        (reason, times), others = counts.most_common(1)[0], len(counts) - 1
        if others:
            reason += f" ({times:,} times; {others:,} other cells do not fit)"
        found.append({"column": column, "reason": reason, "count": len(members), "line": min(o.line for o in members)})
    return sorted(found, key=lambda one: (-one["count"], one["line"]))


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
