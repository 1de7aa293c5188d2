"""The kind of each column, by how all of its cells are written; and the questions that only the user can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from service.domain.cells.kinds import PLAIN_KIND, Kind, holds_words, kind_of
from service.domain.cells.written import BLANKS, TextStyle
from service.domain.reading.declared import declared_kinds
from service.domain.reading.kinds import Decision as Settled
from service.domain.reading.kinds import gaps_note, settle
from service.domain.reading.odd_cells import Odd, as_numbers, doubtful, judge
from service.domain.reading.refusals import DialectInvalid
from service.domain.reading.units import beneath_units
from service.errors import WorkFailed
from service.reading.arrow.cells import read_cells
from workers.ingest.typing.evidence import gather, of_first_row
from workers.ingest.typing.typed import batches

WORDS = PLAIN_KIND["words"]


@dataclass(slots=True)
class TypeDecision:
    """The kind of each column, how its cells are written, and what to tell of it; `odd` are the cells that are not as
    the others of their column. A column of words that nobody has declared is `WORDS` here, until the profile tells
    whether they are free text."""

    kinds: dict[str, Kind]
    style: TextStyle
    notes: dict[str, list[str]] = field(default_factory=dict)
    odd: dict[str, Odd] = field(default_factory=dict)

    def note(self, name: str, sentence: str) -> None:
        self.notes.setdefault(name, []).append(sentence)


def declared(said: Mapping[str, str], names: Collection[str]) -> tuple[dict[str, Kind], dict[str, str]]:
    """What `declared_kinds` returns. Raises WorkFailed for a column not there."""
    try:
        return declared_kinds(said, names)
    except DialectInvalid as error:
        raise WorkFailed(error.code, error.detail) from None


def decide(
    raw: Path,
    stored: Mapping[str, Kind],
    declared: Mapping[str, Kind],
    style: TextStyle,
    most_rejects: int,
    check: Callable[[], None],
) -> TypeDecision:
    """By all rows of `raw`, whose columns are stored as those of the kinds `stored` are."""
    words = {name for name, kind in stored.items() if holds_words(kind)}
    numeric = [name for name, kind in declared.items() if kind_of(kind).in_digits and name in words]
    asked = [name for name in stored if name in words and name not in declared]
    seen = gather(raw, [*asked, *numeric], style, check)
    first = of_first_row(raw, asked, style) if len(words) == len(stored) else {}
    beneath = beneath_units({name: seen[name] for name in asked}, first, style) if first else {}
    settled = settle({**seen, **beneath}, style, numeric)
    odd = _look_at_odd(raw, {name: seen[name] for name in asked}, settled, most_rejects, bool(beneath), check)
    made = TypeDecision({**stored, **settled.kinds, **declared}, settled.style, settled.notes, odd)
    for name, counts in seen.items():
        if kind_of(made.kinds[name]).holds == "numbers" and (note := gaps_note(counts)):
            made.note(name, note)
    return made


def _look_at_odd(
    raw: Path,
    seen: Mapping[str, Counter[str]],
    settled: Settled,
    most_rejects: int,
    has_units: bool,
    check: Callable[[], None],
) -> dict[str, Odd]:
    """What the cells are that are not of their column's kind, of those that have one and those that nearly have it. A
    column with too many of them is one of words after all; a row of units above it is none of it."""
    kinds = {name: settled.kinds.get(name) for name in seen}
    looked = {name: odd for name, counts in seen.items() if (odd := doubtful(kinds[name], counts, settled.style))}
    styles = {name: settled.style if kinds[name] else as_numbers(name, seen[name], settled.style) for name in looked}
    for batch in batches(raw, list(looked)) if looked else ():
        for name, odd in looked.items():
            cells = batch.column(name)
            _, wrong = read_cells(name, odd.kind, styles[name], cells)
            if pc.any(wrong).as_py():
                for one in pc.value_counts(pc.utf8_trim(cells.filter(wrong), BLANKS)).to_pylist():
                    odd.add(one["values"], one["counts"])
        check()
    return {name: odd for name, odd in looked.items() if judge(name, odd, settled, most_rejects, has_units)}
