"""The type of each column, by how its cells are written in the first part of the file; the whole file is held to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from service.domain.columns import FALSE_WORDS, MISSING_WORDS, TRUE_WORDS, Kind, is_number, is_time
from service.errors import WorkFailed

TYPE_OF_KIND: dict[str, str] = {
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "categorical": "VARCHAR",
    "text": "VARCHAR",
}
# 0 and 1 are numbers unless declared; 007 is a name
BOOLEAN_WORDS = (TRUE_WORDS | FALSE_WORDS) - {"0", "1"}
_PADDED = re.compile(r"\s*[+-]?0\d", re.ASCII)


def types_of(names: Sequence[str], sample: Sequence[Sequence[str]], declared: Mapping[str, Kind]) -> dict[str, str]:
    """The DuckDB type of each column: as declared, else as all cells of the sample look. Raises WorkFailed."""
    unknown = sorted(set(declared) - set(names))
    if unknown:
        raise WorkFailed("unknown_column", f"?types= names columns that the file does not have: {', '.join(unknown)}")
    types = {}
    for position, name in enumerate(names):
        cells = [record[position] for record in sample if position < len(record)]
        types[name] = TYPE_OF_KIND[declared[name]] if name in declared else _type(cells)
    return types


def _type(cells: Sequence[str]) -> str:
    present = [cell for cell in cells if cell not in MISSING_WORDS]
    if not present:
        return "VARCHAR"
    if all(is_number(cell) for cell in present):
        return "VARCHAR" if any(_PADDED.match(cell) for cell in present) else "DOUBLE"
    if all(cell.strip().lower() in BOOLEAN_WORDS for cell in present):
        return "BOOLEAN"
    return "TIMESTAMP" if all(is_time(cell) for cell in present) else "VARCHAR"
