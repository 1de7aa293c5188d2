"""A warning about rows of the file that are not in the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.domain.report.warned import Warned

TELL_SHARE = 0.02
"""Rows that are lost may be those that matter; from so many of them on it is said."""
MOST_REASONS = 3


def rejected_warnings(rejected: Mapping[str, Any] | None, rows: int) -> Iterator[Warned]:
    """`rejected` is what ingest has stored of them: how many, why, and what brings them in; `rows` are the others."""
    if not rejected or rejected["share"] <= TELL_SHARE:
        return
    of = rows + rejected["rows"]
    why = "; ".join(map(told, rejected["reasons"][:MOST_REASONS]))
    mend = f". To have them, {rejected['mend']}" if rejected["mend"] else ""
    yield Warned(
        "rows_rejected",
        f"{rejected['rows']:,} of the file's {of:,} rows ({rejected['share']:.1%}) are not in the dataset, and nothing "
        f"is learnt from them: {why}{mend}",
        "/dataset",
    )


def told(reason: Mapping[str, Any]) -> str:
    """One reason as a sentence."""
    column = f" in column {reason['column']!r}" if reason["column"] else ""
    return f"{reason['count']:,}{column} (first on line {reason['line']}): {reason['reason']}"
