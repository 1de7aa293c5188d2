"""DuckDB's types by what columns hold (see `service.domain.cells.kinds`): named, found in files, and cast."""

from __future__ import annotations

from collections.abc import Mapping

from service.domain.cells.kinds import Holds
from service.domain.cells.written import MOST_DIGITS
from workers.ingest.readers.duck import quoted_name

TYPES: Mapping[Holds, str] = {"numbers": "DOUBLE", "truths": "BOOLEAN", "words": "VARCHAR", "times": "TIMESTAMP"}
NUMBER, WORD = TYPES["numbers"], TYPES["words"]
ODD_NUMBER = f"'inf'::{NUMBER}"
"""What is written, for the time being, for a cell that is no number."""

_FOUND: Mapping[Holds, tuple[str, ...]] = {
    "numbers": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
    "truths": ("BOOLEAN",),
    "words": ("VARCHAR", "ENUM", "UUID", '"NULL"', "NULL"),
    "times": ("TIMESTAMP", "DATE"),
}  # fmt: skip
_FLOATS = ("FLOAT", "DOUBLE")


def held_by(type: str) -> Holds | None:
    """What a column of this type holds; None for a type that no kind is read from."""
    if type.endswith("]"):
        return None
    return next((holds for holds, starts in _FOUND.items() if type.startswith(starts)), None)


def cast(name: str, type: str, holds: Holds) -> str:
    """The expression that selects a column of `type` as one that `holds` this; a NaN is missing."""
    cell = quoted_name(name)
    if holds == "numbers":
        cell = f"CASE WHEN isnan({cell}::{NUMBER}) THEN NULL ELSE {cell}::{NUMBER} END"
    elif holds == "words" and type in _FLOATS:  # as prediction writes the digits of such a number
        whole = f"abs({cell}) < {MOST_DIGITS:.0f} AND {cell} = trunc({cell})"
        cell = f"CASE WHEN isnan({cell}) THEN NULL WHEN {whole} THEN {cell}::BIGINT::{WORD} ELSE {cell}::{WORD} END"
    else:
        cell = f"{cell}::{TYPES[holds]}"
    return f"{cell} AS {quoted_name(name)}"
