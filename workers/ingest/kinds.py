"""The type of each column, by how all of its cells are written; and the questions that only the user can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from service.domain.columns import Kind
from service.domain.kinds import MOSTLY, misfits_note, settle
from service.domain.written import TextStyle
from service.errors import WorkFailed
from service.reading.cells import read_cells
from workers.ingest.evidence import gather
from workers.ingest.typed import batches

TYPE_OF_KIND: dict[Kind, str] = {
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "categorical": "VARCHAR",
    "text": "VARCHAR",
}
KIND_OF_TYPE: dict[str, Kind] = {"DOUBLE": "numeric", "TIMESTAMP": "datetime"}


@dataclass(slots=True)
class Decision:
    """The type of each column, how its cells are written, and what to tell of it."""

    types: dict[str, str]
    style: TextStyle
    notes: dict[str, list[str]] = field(default_factory=dict)

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
    asked = [name for name, type in stored.items() if type == "VARCHAR" and name not in declared]
    seen = gather(raw, asked, style, check)
    settled = settle(seen, style)
    made.style, made.notes = settled.style, settled.notes
    made.types.update({name: TYPE_OF_KIND[kind] for name, kind in settled.kinds.items()})
    _drop_misfitting(raw, seen, made, most_rejects, check)
    return made


def _drop_misfitting(
    raw: Path, seen: Mapping[str, Counter[str]], made: Decision, most_rejects: int, check: Callable[[], None]
) -> None:
    """A column with too many cells that are not of its type is text after all."""
    doubtful = [
        name
        for name, counts in seen.items()
        if made.types[name] in ("DOUBLE", "TIMESTAMP") and counts["number"] < counts["all"]
    ]
    misfits: Counter[str] = Counter()
    for batch in batches(raw, doubtful) if doubtful else ():
        for name in doubtful:
            _, wrong = read_cells(name, made.types[name], made.style, batch.column(name))
            misfits[name] += pc.sum(wrong).as_py() or 0
        check()
    for name, cells in misfits.items():
        if cells > min(most_rejects, (1 - MOSTLY) * seen[name]["all"]):
            made.note(name, misfits_note(cells, seen[name]["all"], KIND_OF_TYPE[made.types[name]]))
            made.types[name] = "VARCHAR"
