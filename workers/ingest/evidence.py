"""How the cells of each column are written, counted over the whole file: what the columns' kinds are settled by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.kinds import BOOLEAN_WORDS, OF_NUMBERS, OF_OTHERS, POINTED
from service.domain.written import TextStyle, number_pattern
from service.reading.cells import matches, present
from workers.ingest.typed import batches

APART = ("named", "iso", "date", "day first", "month first")
LONGEST_WORD = max(map(len, BOOLEAN_WORDS))


def gather(raw: Path, names: Sequence[str], style: TextStyle, check: Callable[[], None]) -> dict[str, Counter[str]]:
    """For each text column, how many cells are there ("all") and of each pattern."""
    seen: dict[str, Counter[str]] = {name: Counter() for name in names}
    for batch in batches(raw, names) if names else ():
        for name in names:
            _count(seen[name], batch.column(name), style)
        check()
    return seen


def _count(seen: Counter[str], cells: Any, style: TextStyle) -> None:
    text, there = present(cells, style)
    text = text.filter(there)
    seen["all"] += len(text)
    numbers = matches(text, number_pattern(style.decimal))
    plain, others = text.filter(numbers), text.filter(pc.invert(numbers))
    seen["number"] += len(plain)
    seen["pointed"] += _true(pc.match_substring_regex(plain, POINTED))
    _match(seen, plain, OF_NUMBERS)
    if not len(others):
        return
    short = others.filter(pc.less_equal(pc.binary_length(others), LONGEST_WORD))
    seen["words"] += _true(pc.is_in(pc.utf8_lower(short), pa.array(BOOLEAN_WORDS)))
    # what one of these explains none of the others does, so it is not shown to them: most columns need one or two
    others = _split(seen, others, "named")[1]
    others = others.filter(pc.less(others, ":"))  # all others begin with a digit, a sign or a mark
    others = _split(seen, others, "iso")[1]
    dates, others = _split(seen, others, "date")
    _match(seen, dates, {what: OF_OTHERS[what] for what in ("day first", "month first")})
    _match(seen, others, {what: pattern for what, pattern in OF_OTHERS.items() if what not in APART})


def _split(seen: Counter[str], text: Any, what: str) -> tuple[Any, Any]:
    """The cells of a pattern, counted, and the others."""
    if not len(text):
        return text, text
    of_it = matches(text, OF_OTHERS[what])
    found = text.filter(of_it)
    seen[what] += len(found)
    return found, text.filter(pc.invert(of_it))


def _match(seen: Counter[str], text: Any, patterns: Mapping[str, str]) -> None:
    for what, pattern in patterns.items() if len(text) else ():
        seen[what] += _true(matches(text, pattern))


def _true(found: Iterable[bool]) -> int:
    return pc.sum(found).as_py() or 0
