"""How the cells of each column are written, counted over the whole file: what the columns' kinds are settled by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.cells.times import MONTH
from service.domain.cells.ways import (
    BOOLEAN_WORDS,
    LONGEST_GAP,
    LONGEST_WORD,
    MARKED,
    MAY_BE_MARKED,
    OF_BOTH,
    OF_NUMBERS,
    OF_OTHERS,
    POINTED,
    mark_of,
)
from service.domain.cells.written import MINUS_SIGNS, NOT_A_NUMBER, TextStyle, number_pattern
from service.reading.arrow.cells import matches, present
from workers.ingest.typing.typed import batches

APART = ("named", "iso", "date", "day first", "month first")


def gather(raw: Path, names: Sequence[str], style: TextStyle, check: Callable[[], None]) -> dict[str, Counter[str]]:
    """For each text column, how many cells are there ("all") and of each pattern."""
    seen: dict[str, Counter[str]] = {name: Counter() for name in names}
    for batch in batches(raw, names) if names else ():
        for name in names:
            _count(seen[name], batch.column(name), style)
        check()
    return seen


def of_first_row(raw: Path, names: Sequence[str], style: TextStyle) -> dict[str, Counter[str]]:
    """The same of the first row alone."""
    seen: dict[str, Counter[str]] = {name: Counter() for name in names}
    batch = next(batches(raw, names), None) if names else None
    if batch is not None:
        for name in names:
            _count(seen[name], batch.column(name).slice(0, 1), style)
    return seen


def _count(seen: Counter[str], cells: Any, style: TextStyle) -> None:
    text, there = present(cells, style)
    text = text.filter(there)
    seen["all"] += len(text)
    others = _count_numbers(seen, text, style)
    if not len(others):
        return
    others = _count_words(seen, others)
    marked = pc.match_substring_regex(others, MAY_BE_MARKED)
    if pc.any(marked).as_py():
        unmarked = _count_marked(seen, others.filter(marked), style)
        others = pa.concat_arrays([others.filter(pc.invert(marked)), unmarked])
    _count_others(seen, others)


def _count_numbers(seen: Counter[str], text: Any, style: TextStyle) -> Any:
    """Of these cells the numbers are counted; the others."""
    numbers = matches(text, number_pattern(style.decimal))
    plain = text.filter(numbers)
    seen["number"] += len(plain)
    seen["pointed"] += _true(pc.match_substring_regex(plain, POINTED))
    _match(seen, plain, OF_NUMBERS)
    if style.decimal:  # else none of them has groups
        _match(seen, plain, OF_BOTH)
    return text.filter(pc.invert(numbers))


def _count_words(seen: Counter[str], others: Any) -> Any:
    """The marks that leave a number out, and the words for true and false, are counted; the others."""
    short = pc.less_equal(pc.binary_length(others), max(LONGEST_GAP, LONGEST_WORD))
    if not pc.any(short).as_py():
        return others
    words = others.filter(short)
    gaps = matches(words, NOT_A_NUMBER)
    truths = pc.is_in(pc.utf8_lower(words), pa.array(BOOLEAN_WORDS))
    for what, found in (("gap", words.filter(gaps)), ("word", pc.utf8_lower(words.filter(truths)))):
        for one in pc.value_counts(found).to_pylist():
            seen[f"{what} {one['values']}"] += one["counts"]
    seen["gap"] += _true(gaps)
    seen["words"] += _true(truths)
    return pa.concat_arrays([others.filter(pc.invert(short)), words.filter(pc.invert(pc.or_(gaps, truths)))])


def _count_marked(seen: Counter[str], cells: Any, style: TextStyle) -> Any:
    """Cells with one currency or % beside a number are counted by that, and by what is left without it; the others."""
    found = pc.extract_regex(cells, f"^(?:{MARKED})$")
    before, after = (pc.fill_null(found.field(name), "") for name in ("before", "after"))
    pairs = pc.binary_join_element_wise(before, after, " ").dictionary_encode()
    marks = pa.array([mark_of(*pair.split(" ")) for pair in pairs.dictionary.to_pylist()], pa.string())
    marks = marks.take(pairs.indices)
    is_marked = pc.and_(pc.is_valid(found), pc.not_equal(marks, ""))
    for one in pc.value_counts(marks.filter(is_marked)).to_pylist():
        seen[f"mark {one['values']}"] += one["counts"]
    bodies = found.field("body").filter(is_marked)
    _count_others(seen, _count_numbers(seen, bodies, style))
    return cells.filter(pc.invert(is_marked))


def _count_others(seen: Counter[str], others: Any) -> None:
    """Cells that are neither numbers nor words for true and false."""
    # what one of these explains none of the others does, so it is not shown to them: most columns need one or two
    others = _split(seen, others, "named")[1]
    others = others.filter(
        pc.or_(pc.less(others, "A"), pc.match_substring_regex(others, f"^(?:[{MINUS_SIGNS}]|{MONTH})"))
    )
    others = _split(seen, others, "iso")[1]
    dates, others = _split(seen, others, "date")
    _match(seen, dates, {what: OF_OTHERS[what] for what in ("day first", "month first")})
    _match(seen, others, {what: pattern for what, pattern in OF_OTHERS.items() if what not in APART})
    _match(seen, others, OF_BOTH)


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
