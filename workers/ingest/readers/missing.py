"""Which words were read as missing cells, by column: counted while the table is made, to be told to its user."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import BLANKS, SPREADSHEET_ERRORS, TextStyle
from service.reading.arrow.types import WORD

CHUNK_BYTES = 4 * 1024 * 1024


def plain_gaps(style: TextStyle) -> list[str]:
    """The words for a missing cell that a column of numbers may have without being looked at: not what a spreadsheet
    could not work out, of which the user is told."""
    return [word for word in style.missing if word not in SPREADSHEET_ERRORS]


def words_in(source: Path, delimiter: str, style: TextStyle) -> set[str]:
    """Which words for a missing cell are cells of a plain file, of any column: by a scan of its bytes."""
    words = sorted((word.encode() for word in style.missing if word), key=len, reverse=True)
    blanks = b"[" + b"".join(re.escape(blank.encode()) for blank in " \t\v\f" if blank != delimiter) + b"]*"
    ends = b'["\r\n]|' + re.escape(delimiter.encode())
    choice = b"|".join(map(re.escape, words))
    cell = re.compile(b"(?:^|" + ends + b")" + blanks + b"(" + choice + b")" + blanks + b"(?=" + ends + b"|$)")
    found: set[bytes] = set()
    if not words:
        return set()
    with source.open("rb") as file:
        while lines := file.readlines(CHUNK_BYTES):
            found.update(match[1] for match in cell.finditer(b"".join(lines)))
    return {word.decode() for word in found}


class MissingWords:
    """The words by column; several threads may count. `elsewhere` are those of cells that nobody counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.by_column: dict[str, Counter[str]] = {}
        self.elsewhere: set[str] = set()

    def count(self, name: str, cells: Any, typed: Any, wrong: Any, style: TextStyle) -> None:
        """The words in some cells of a column, by what was made of them; `wrong` are those that do not fit."""
        lost = typed.null_count - cells.null_count - (pc.sum(wrong).as_py() or 0 if wrong is not None else 0)
        if lost <= 0:
            return
        words = pc.utf8_trim(cells.filter(pc.and_(pc.is_null(typed), pc.is_valid(cells))), BLANKS)
        words = words.filter(pc.is_in(words, pa.array([word for word in style.missing if word], WORD)))
        self.add(name, ((one["values"], one["counts"]) for one in pc.value_counts(words).to_pylist()))

    def add(self, name: str, counts: Iterable[tuple[str, int]]) -> None:
        """Words that have been counted."""
        found = dict(counts)
        with self._lock:
            self.by_column.setdefault(name, Counter()).update(found)

    def of_words(self, kinds: Mapping[str, Kind]) -> dict[str, dict[str, int]]:
        """Of the columns that are not of numbers or times."""
        return {
            name: dict(counts.most_common())
            for name, counts in self.by_column.items()
            if counts and not kind_of(kinds[name]).is_measured
        }
