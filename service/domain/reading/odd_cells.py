"""What is told of cells that are not of their column's kind, and the mend: every word that is missing must be named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.domain.cells.kinds import PLAIN_KIND, Kind, kind_of
from service.domain.cells.ways import Seen
from service.domain.cells.written import MISSING_WORDS, SPREADSHEET_ERRORS, TextStyle, shown
from service.domain.reading.kinds import MOSTLY, Decision, decimal_of, marks_of, numbers_of

FEW = 5  # different cells, which can be declared one by one
LONGEST = 40
MOST_KEPT = 1000  # different odd cells of a column that are counted one by one
SHOWN = 3
MOST_TOLD = 3  # words of one column


@dataclass(slots=True)
class Odd:
    """The cells of one column that are not of `kind`: how many, of how many, and the first different ones by count.

    `are_rejected` says that the column is of that kind all the same, so that their rows are left out.
    """

    kind: Kind
    of: int
    cells: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    are_rejected: bool = False
    are_units: bool = False

    def add(self, cell: str, count: int) -> None:
        self.cells += count
        if cell in self.counts or len(self.counts) < MOST_KEPT:
            self.counts[cell] += count


def doubtful(kind: Kind | None, seen: Seen, style: TextStyle) -> Odd | None:
    """What is to be looked at, cell by cell: a column that is not plainly of its kind, or one of words (None) of which
    every other one is a number or a limit of detection."""
    cells = seen["all"] - seen["gap"]
    holds = kind and kind_of(kind).holds
    if kind and holds == "times":
        return Odd(kind, seen["all"])
    if kind and holds == "numbers":
        is_plain = seen["number"] == cells and not marks_of(seen)
        return None if is_plain else Odd(kind, cells)
    is_near = kind is None and not seen["address"] and not seen["padded"] and not seen["telephone"]
    numbers = numbers_of(seen, style)
    return Odd(PLAIN_KIND["numbers"], cells) if is_near and numbers and 2 * (numbers + seen["limit"]) >= cells else None


def as_numbers(name: str, seen: Seen, style: TextStyle) -> TextStyle:
    """How a column of words would be read if it were one of numbers."""
    marks = list(marks_of(seen))
    decimals = {**style.decimals, name: decimal_of(seen, style)}
    return replace(style, decimals=decimals, marks={name: marks[0]} if len(marks) == 1 else {})


def judge(name: str, odd: Odd, made: Decision, most_rejects: int, has_units: bool) -> bool:
    """Take the kind from a column that has too many odd cells, and say of the others whether their odd cells are
    rejected. Whether they are to be told of: not beside another note on a column of words."""
    if name in made.kinds:
        odd.are_units = has_units and odd.cells == 1
        odd.are_rejected = odd.are_units or odd.cells <= min(most_rejects, (1 - MOSTLY) * odd.of)
        if not odd.are_rejected:
            del made.kinds[name]
            made.notes.pop(name, None)
    return bool(odd.cells) and (name in made.kinds or name not in made.notes)


def odd_note(odd: Odd, words: Sequence[str]) -> str:
    """The sentence for a column; `words` are those for a missing cell that stay when others are declared."""
    if odd.are_units:
        return f"{shown(next(iter(odd.counts)))} in the first row is no number: the row is rejected, as one of units"
    good = f"{odd.of - odd.cells:,} of {odd.of:,} cells are {kind_of(odd.kind).holds}"
    each = odd.counts.most_common(SHOWN)
    if len(odd.counts) == 1:
        bad = f"{odd.cells:,} {'is' if odd.cells == 1 else 'are'} {shown(each[0][0])}"
    else:
        bad = f"{odd.cells:,} are not, such as {', '.join(f'{shown(cell)} ({count:,})' for cell, count in each)}"
    then = ""
    if odd.are_rejected:
        then = "; its row is rejected" if odd.cells == 1 else "; their rows are rejected"
    return f"{good}, {bad}{then}: {_mend(odd, words)}"


def _mend(odd: Odd, words: Sequence[str]) -> str:
    if len(odd.counts) <= FEW and all(len(cell) <= LONGEST and cell.isprintable() for cell in odd.counts):
        return f"declare {null_values([*words, *odd.counts])} if that means a missing cell"
    if kind_of(odd.kind).holds == "numbers":
        return "write them as numbers, or leave them empty, if the column holds numbers"
    return "write them as 2026-01-31, or leave them empty"


def missing_note(word: str, count: int, of: int, words: Sequence[str]) -> str:
    """The sentence for a word that stands for a missing cell, and may be a value in a column of words."""
    told = f"{shown(word)} is read as missing in {count:,} of {of:,} cells"
    if word in SPREADSHEET_ERRORS or word == "#N/A":
        return f"{told}: a spreadsheet could not work them out"
    return f"{told}; if it is a value, declare {null_values([one for one in words if one != word])}"


def null_values(words: Sequence[str]) -> str:
    """The option that declares these words, as it is sent."""
    return f"null_values={json.dumps(list(dict.fromkeys(word for word in words if word)), ensure_ascii=False)}"


def declared_words(style: TextStyle, found: Collection[str]) -> list[str]:
    """The words that must stay when null_values are declared anew: those `found` in the file."""
    return [word for word in style.missing if word and word in found]


def missing_notes(
    counts: Mapping[str, int], of: int, is_number: bool, style: TextStyle, words: Sequence[str]
) -> list[str]:
    """What is told of the words that were read as missing, where nobody has declared them: in a column of numbers only
    of what a spreadsheet could not work out."""
    if style.missing != MISSING_WORDS:
        return []
    told = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    told = [(word, count) for word, count in told if not is_number or word in SPREADSHEET_ERRORS]
    return [missing_note(word, count, of, words) for word, count in told[:MOST_TOLD]]
