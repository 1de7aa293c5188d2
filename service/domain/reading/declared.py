"""The kinds that an upload declares for its columns: "categorical", or "datetime:dmy" with the order of a date."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from service.domain.cells.kinds import COLUMN_KINDS, Kind, kind_of
from service.domain.reading.refusals import DialectInvalid

_ALL = [spelling for record in COLUMN_KINDS.values() for spelling in record.spellings]
SPELLINGS = tuple(sorted(_ALL, key=lambda spelling: ":" in spelling))
"""All that a column may be declared to be. Kinds without an order come first."""
MOST_TOLD = 10


def declared_kinds(said: Mapping[str, str], names: Collection[str]) -> tuple[dict[str, Kind], dict[str, str]]:
    """The declared kinds, and the declared orders of dates. Raises DialectInvalid for a column that is not among the
    `names`, KindUnknown."""
    if unknown := sorted(set(said) - set(names)):
        shown = ", ".join(map(repr, unknown[:MOST_TOLD]))
        raise DialectInvalid("unknown_column", f"?types= names columns that the file does not have: {shown}")
    parted = {name: spelling.partition(":") for name, spelling in said.items()}
    kinds = {name: kind_of(kind).name for name, (kind, _, _) in parted.items()}
    return kinds, {name: order for name, (_, _, order) in parted.items() if order}
