"""What a person should know of a column: how it was read, and what to declare if that was not meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.domain.cells.kinds import kind_of
from service.domain.reading.odd_cells import declared_words, missing_notes, odd_note
from workers.ingest.readers.missing import MissingWords
from workers.ingest.typing.kinds import TypeDecision

EXACT = 2**53


def tell(decision: TypeDecision, missing: MissingWords, rows: int) -> dict[str, dict[str, Any]]:
    """Note what was read as missing, and the odd cells with the option that declares them; the counts by column."""
    found = {word for counts in missing.by_column.values() for word in counts} | missing.elsewhere
    words = declared_words(decision.style, found)
    for name, odd in decision.odd.items():
        decision.note(name, odd_note(odd, words))
    for name, counts in missing.by_column.items():
        for note in missing_notes(counts, rows, kind_of(decision.kinds[name]).is_measured, decision.style, words):
            decision.note(name, note)
    counted: dict[str, dict[str, Any]] = {}
    for name, found_words in missing.of_words(decision.kinds).items():
        counted.setdefault(name, {})["missing_words"] = found_words
    for name, odd in decision.odd.items():
        if not odd.are_rejected:
            counted.setdefault(name, {})["odd_cells"] = odd.cells
    return counted


def noted(
    columns: Sequence[Mapping[str, Any]],
    notes: Mapping[str, Sequence[str]],
    figures: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """The columns as JSON with their notes: those of the reader, and integers that float64 cannot tell apart; and with
    the figures that the reader has counted in some."""
    counted = figures or {}
    return [
        {**column, "notes": [*notes.get(column["name"], ()), *_large(column)], **counted.get(column["name"], {})}
        for column in columns
    ]


def _large(column: Mapping[str, Any]) -> list[str]:
    ends = [abs(end) for end in (column["minimum"], column["maximum"]) if isinstance(end, int | float)]
    if not kind_of(column["kind"]).in_digits or not column["whole"] or max(ends, default=0) <= EXACT:
        return []
    return ["integers beyond 2^53 are rounded to the nearest float64; declare it categorical or text to keep them"]
