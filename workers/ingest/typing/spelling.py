"""How true and false are written in each column of truths: counted while the table is typed, for labels to be answered
as the table wrote them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.cells.written import BLANKS, FALSE_WORDS, TRUE_WORDS

OWN_WORDS = {"false", "0"}, {"true", "1"}  # of JSON, and of who declares a column of 0 and 1 to be truths


class Spelling:
    """The words of all columns of truths."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}

    def count(self, name: str, cells: pa.Array) -> None:
        """The words in some cells of a column."""
        found = pc.value_counts(cells)
        counts = dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True))
        self._seen.setdefault(name, Counter()).update({word: n for word, n in counts.items() if word is not None})

    def words(self) -> dict[str, tuple[str, str]]:
        """By column the most frequent word for false and for true (of equals the first by its letters), where they are
        others than JSON's own."""
        found: dict[str, tuple[str, str]] = {}
        for name, counts in self._seen.items():
            stripped: Counter[str] = Counter()
            for cell, count in counts.items():
                stripped[cell.strip(BLANKS)] += count
            both = [_most(stripped, known) for known in (FALSE_WORDS, TRUE_WORDS)]
            if all(both) and any(word.lower() not in own for word, own in zip(both, OWN_WORDS, strict=True)):
                found[name] = (both[0], both[1])
        return found


def _most(counts: Counter[str], known: frozenset[str]) -> str:
    """The most frequent of the known words; "" where there is none."""
    words: list[tuple[int, Any]] = sorted((-count, word) for word, count in counts.items() if word.lower() in known)
    return words[0][1] if words else ""
