"""The type of each column, by how all of its cells are written; and the questions that only the user can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from service.domain.cells.columns import Kind
from service.domain.cells.written import BLANKS, TextStyle
from service.domain.reading.kinds import beneath_units, gaps_note, settle
from service.domain.reading.odd_cells import Odd, as_numbers, doubtful, judged
from service.errors import WorkFailed
from service.reading.cells import read_cells
from workers.ingest.typing.evidence import gather, of_first_row
from workers.ingest.typing.typed import batches

TYPE_OF_KIND: dict[Kind, str] = {
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "categorical": "VARCHAR",
    "text": "VARCHAR",
}
KIND_OF_TYPE: dict[str, Kind] = {"DOUBLE": "numeric", "TIMESTAMP": "datetime", "BOOLEAN": "boolean"}


@dataclass(slots=True)
class Decision:
    """The type of each column, how its cells are written, and what to tell of it; `odd` are the cells that are not as
    the others of their column."""

    types: dict[str, str]
    style: TextStyle
    notes: dict[str, list[str]] = field(default_factory=dict)
    odd: dict[str, Odd] = field(default_factory=dict)

    def note(self, name: str, sentence: str) -> None:
        self.notes.setdefault(name, []).append(sentence)


def declared_types(declared: Mapping[str, str], names: Collection[str]) -> tuple[dict[str, Kind], dict[str, str]]:
    """The declared kinds and orders of dates: "datetime:dmy" is both. Raises WorkFailed for a column not there."""
    unknown = sorted(set(declared) - set(names))
    if unknown:
        shown = ", ".join(map(repr, unknown[:10]))
        raise WorkFailed("unknown_column", f"?types= names columns that the file does not have: {shown}")
    kinds: dict[str, Kind] = {name: said.partition(":")[0] for name, said in declared.items()}  # type: ignore[misc]
    orders = {name: said.partition(":")[2] for name, said in declared.items() if ":" in said}
    return kinds, orders


def decide(
    raw: Path,
    stored: Mapping[str, str],
    declared: Mapping[str, Kind],
    style: TextStyle,
    most_rejects: int,
    check: Callable[[], None],
) -> Decision:
    """By all rows of `raw`, whose columns are of the types `stored`."""
    made = Decision(dict(stored), style)
    for name, kind in declared.items():
        made.types[name] = TYPE_OF_KIND[kind]
    numeric = [name for name, kind in declared.items() if kind == "numeric" and stored[name] == "VARCHAR"]
    asked = [name for name, type in stored.items() if type == "VARCHAR" and name not in declared]
    seen = gather(raw, [*asked, *numeric], style, check)
    first = of_first_row(raw, asked, style) if set(stored.values()) == {"VARCHAR"} else {}
    beneath = beneath_units({name: seen[name] for name in asked}, first, style) if first else {}
    settled = settle({**seen, **beneath}, style, numeric)
    made.style, made.notes = settled.style, settled.notes
    kinds = {name: kind for name, kind in settled.kinds.items() if name not in numeric}
    made.types.update({name: TYPE_OF_KIND[kind] for name, kind in kinds.items()})
    _look_at_odd(raw, {name: seen[name] for name in asked}, made, most_rejects, bool(beneath), check)
    for name, counts in seen.items():
        if made.types[name] == "DOUBLE" and (note := gaps_note(counts)):
            made.note(name, note)
    return made


def _look_at_odd(
    raw: Path,
    seen: Mapping[str, Counter[str]],
    made: Decision,
    most_rejects: int,
    has_units: bool,
    check: Callable[[], None],
) -> None:
    """What the cells are that are not of their column's type, of those that have one and those that nearly have it. A
    column with too many of them is text after all; a row of units above it is none of it."""
    kinds = {name: KIND_OF_TYPE.get(made.types[name]) for name in seen}
    looked = {name: odd for name, counts in seen.items() if (odd := doubtful(kinds[name], counts, made.style))}
    styles = {name: made.style if kinds[name] else as_numbers(name, seen[name], made.style) for name in looked}
    for batch in batches(raw, list(looked)) if looked else ():
        for name, odd in looked.items():
            cells = batch.column(name)
            _, wrong = read_cells(name, TYPE_OF_KIND[odd.kind], styles[name], cells)
            if pc.any(wrong).as_py():
                for one in pc.value_counts(pc.utf8_trim(cells.filter(wrong), BLANKS)).to_pylist():
                    odd.add(one["values"], one["counts"])
        check()
    for name, odd in looked.items():
        if kinds[name] and not judged(odd, True, most_rejects, has_units):
            made.types[name] = "VARCHAR"
            made.notes.pop(name, None)
        if odd.cells and (made.types[name] != "VARCHAR" or name not in made.notes):
            made.odd[name] = odd
