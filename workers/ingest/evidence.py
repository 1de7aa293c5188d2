"""How the cells of each column are written, counted over the whole file: what the columns' kinds are settled by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.times import DAY_AND_MONTH, ISO, SHORT_YEAR
from service.domain.written import FALSE_WORDS, TRUE_WORDS, TextStyle, number_pattern
from workers.ingest.typed import batches, matches, present

BOOLEAN_WORDS = sorted((TRUE_WORDS | FALSE_WORDS) - {"0", "1"})  # these are numbers unless declared
LONGEST_WORD = max(map(len, BOOLEAN_WORDS))

# what only one way of writing numbers can have written, and what both may have
_BLANK = r"[ '\x{2019}\x{00a0}\x{202f}]"
_POINTS, _COMMAS = r"[0-9]{1,3}(?:\.[0-9]{3})", r"[0-9]{1,3}(?:,[0-9]{3})"
ONLY_COMMA = (
    rf"[+-]?(?:{_POINTS}{{2,}}(?:,[0-9]*)?|{_POINTS}+,[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+,[0-9]*|"
    r"(?:0|[0-9]{4,})?,[0-9]+|[0-9]+,(?:[0-9]{0,2}|[0-9]{4,}))(?:[eE][+-]?[0-9]+)?"
)
ONLY_POINT = rf"[+-]?(?:{_COMMAS}{{2,}}(?:\.[0-9]*)?|{_COMMAS}+\.[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+\.[0-9]*)"

OF_NUMBERS: Mapping[str, str] = {
    "padded": r"[+-]?0[0-9]+",
    "point or comma": r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}",
}
OF_OTHERS: Mapping[str, str] = {
    "comma or point": r"[+-]?[1-9][0-9]{0,2},[0-9]{3}",
    "only comma": ONLY_COMMA,
    "only point": ONLY_POINT,
    "comma": number_pattern(","),
    "point": number_pattern("."),
    "blank groups": rf"[+-]?[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+",
    "iso": ISO,
    "date": DAY_AND_MONTH,
    "short date": SHORT_YEAR,
    "day first": r"(?:1[3-9]|[2-9][0-9])[-/.][0-9]{1,2}[-/.][0-9]{4}.*",
    "month first": r"[0-9]{1,2}[-/.](?:1[3-9]|[2-9][0-9])[-/.][0-9]{4}.*",
    "named": r"(?:[0-9]{1,2}[ .-]+)?[A-Za-z]{3,9}[ .-].*[0-9]{4}.*",
}


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
    seen["pointed"] += _true(pc.match_substring_regex(plain, "[.,eE]"))
    _match(seen, plain, OF_NUMBERS)
    if not len(others):
        return
    short = others.filter(pc.less_equal(pc.binary_length(others), LONGEST_WORD))
    seen["words"] += _true(pc.is_in(pc.utf8_lower(short), pa.array(BOOLEAN_WORDS)))
    _match(seen, others, OF_OTHERS)


def _match(seen: Counter[str], text: Any, patterns: Mapping[str, str]) -> None:
    for what, pattern in patterns.items():
        seen[what] += _true(matches(text, pattern))


def _true(found: Iterable[bool]) -> int:
    return pc.sum(found).as_py() or 0
