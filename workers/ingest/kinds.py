"""The type of each column, by how all of its cells are written; and the questions that only the user can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.compute as pc

from service.domain.columns import Kind
from service.domain.written import TextStyle
from service.errors import WorkFailed
from workers.ingest.evidence import gather
from workers.ingest.typed import batches, read_cells

TYPE_OF_KIND: dict[Kind, str] = {
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "categorical": "VARCHAR",
    "text": "VARCHAR",
}
MOSTLY = 0.9  # a column in which so many cells are of its type keeps it, and the rows of the others are rejected


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
    for name, counts in seen.items():
        _settle(name, counts, made)
    if "," in made.style.decimals.values():
        _question_points(seen, made)
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
            what = "numbers" if made.types[name] == "DOUBLE" else "times"
            made.note(name, f"{cells:,} of {seen[name]['all']:,} cells are no {what}; declare its type, or null_values")
            made.types[name] = "VARCHAR"


def _settle(name: str, seen: Mapping[str, int], made: Decision) -> None:
    enough = MOSTLY * seen["all"]
    if not seen["all"]:
        return
    if seen["words"] == seen["all"]:
        made.types[name] = "BOOLEAN"
    elif seen["padded"] and not seen["pointed"]:
        if seen["number"] >= enough:
            made.note(name, "numbers that begin with 0 are kept as they are written; declare it numeric if they count")
    elif seen["number"] >= enough:
        made.types[name] = "DOUBLE"
    elif not made.style.decimal and max(with_comma(seen), with_point(seen)) >= enough:
        _settle_marks(name, seen, made, enough)
    elif seen["date"] >= enough:
        _settle_dates(name, seen, made)
    elif seen["iso"] >= enough or seen["iso"] + seen["named"] >= enough:
        made.types[name] = "TIMESTAMP"
    elif seen["short date"] >= enough:
        made.note(name, _ask_order("dates with two digits for the year"))


def with_comma(seen: Mapping[str, int]) -> int:
    """Cells that are numbers where the decimal mark is a comma; plain integers are so in any case."""
    return seen["comma"] + seen["number"] - seen["pointed"] + seen["point or comma"]


def with_point(seen: Mapping[str, int]) -> int:
    """Cells that are numbers where the decimal mark is a point."""
    return seen["point"] + seen["number"]


def _settle_marks(name: str, seen: Mapping[str, int], made: Decision, enough: float) -> None:
    """Which of comma and point stands before the decimals: by a cell that only one of them explains."""
    comma, point = seen["only comma"], seen["only point"]
    if comma and not point and with_comma(seen) >= enough:
        _write_with(name, ",", made)
    elif with_point(seen) >= enough and not comma and (point or (seen["blank groups"] and not seen["comma or point"])):
        _write_with(name, ".", made)
    elif seen["comma or point"] and not comma and not point:
        made.note(name, "a number such as 1,234 may be written with a decimal or a thousands mark; declare decimal")
    else:
        made.note(name, "numbers with decimal commas and decimal points are mixed; declare decimal")


def _write_with(name: str, decimal: str, made: Decision) -> None:
    made.types[name] = "DOUBLE"
    made.style = replace(made.style, decimals={**made.style.decimals, name: decimal})


def _question_points(seen: Mapping[str, Mapping[str, int]], made: Decision) -> None:
    """In a file with decimal commas, 1.234 may be a thousand."""
    for name, counts in seen.items():
        is_plain = made.types[name] == "DOUBLE" and not made.style.decimal_of(name)
        if is_plain and counts["point or comma"] == counts["all"]:
            made.types[name] = "VARCHAR"
            made.note(name, "1.234 may be a thousand, as other columns have decimal commas; declare decimal")


def _settle_dates(name: str, seen: Mapping[str, int], made: Decision) -> None:
    """Day or month first: by a cell that only one order explains; else it is the user's to say."""
    day, month = seen["day first"], seen["month first"]
    if bool(day) != bool(month):
        made.types[name] = "TIMESTAMP"
        made.style = replace(made.style, dates={**made.style.dates, name: "dmy" if day else "mdy"})
    else:
        made.note(
            name, _ask_order("dates whose day and month are mixed" if day else "dates that may be day or month first")
        )


def _ask_order(what: str) -> str:
    return f'{what}: declare their order with types, as "datetime:dmy", "datetime:mdy" or "datetime:ymd"'
