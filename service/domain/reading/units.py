"""A row of units above the rows: cells without a number, over columns that are numbers below.

The first lines of a file tell of a line that has units over two columns or more: it belongs to the header
(`are_units`). One that names a single unit is known by all of the file, and is a rejected row (`beneath_units`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from service.domain.cells.ways import Seen
from service.domain.cells.written import MISSING_WORDS, TextStyle, is_number
from service.domain.reading.kinds import numbers_of

FEWEST_UNITS = 2
LEAST_BELOW = 2  # cells below a row of units
_UNIT = re.compile(r"[^\W\d_]|[%$€£°]")


def are_units(row: Sequence[str], numeric: Collection[int]) -> bool:
    """Whether a row is one of units, by its cells over the columns of numbers, whose places are `numeric`."""
    over = [row[place].strip() for place in numeric if place < len(row)]
    units = [cell for cell in over if _UNIT.search(cell) and cell not in MISSING_WORDS]
    return len(units) >= FEWEST_UNITS and not any(map(is_number, row)) and set(over) <= {*units, ""}


def beneath_units(seen: Mapping[str, Seen], first: Mapping[str, Seen], style: TextStyle) -> dict[str, Counter[str]]:
    """What was seen below the `first` row, if that is one of units: it has no number, and some column has nothing else
    below it. {} where it is none."""
    if any(numbers_of(counts, style) for counts in first.values()):
        return {}
    rest = {name: Counter(counts) for name, counts in seen.items()}
    for name, counts in first.items():
        rest[name].subtract(counts)
    for name, counts in rest.items():
        is_word = first[name]["all"] and not first[name]["gap"]
        if is_word and counts["all"] >= LEAST_BELOW and numbers_of(counts, style) == counts["all"] - counts["gap"] > 0:
            return rest
    return {}
