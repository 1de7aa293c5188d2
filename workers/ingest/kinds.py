"""The type of each column, by how all of its cells are written; and the questions that only the user can answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from service.domain.columns import Kind
from service.domain.times import DAY_AND_MONTH, ISO, MONTHS, SHORT_YEAR
from service.domain.written import FALSE_WORDS, PLAIN_NUMBER, TRUE_WORDS, TextStyle, number_pattern
from service.errors import WorkFailed
from workers.ingest.duck import Connection, quoted
from workers.ingest.typed import LONGEST_VALUE, count, is_present, misfits, trimmed

TYPE_OF_KIND: dict[Kind, str] = {
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "categorical": "VARCHAR",
    "text": "VARCHAR",
}
MOSTLY = 0.9  # a column in which so many cells are of its type keeps it, and the rows of the others are rejected
BOOLEAN_WORDS = (TRUE_WORDS | FALSE_WORDS) - {"0", "1"}  # these are numbers unless declared

# what only one way of writing numbers can have written, and what both may have
GROUPS = r"[0-9]{1,3}(?:%s[0-9]{3})"
BLANK_GROUPS = r"[+-]?[0-9]{1,3}(?:[ '’\x{00a0}\x{202f}][0-9]{3})+"
ONLY_COMMA = rf"[+-]?(?:{GROUPS % '[.]'}{{2,}}(?:,[0-9]*)?|{GROUPS % '[.]'}+,[0-9]*|(?:0|[0-9]*[0-9]{{4}})?,[0-9]+|[0-9]+,(?:[0-9]{{0,2}}|[0-9]{{4,}})|[0-9]{{1,3}}(?:[ '’\x{{00a0}}\x{{202f}}][0-9]{{3}})+,[0-9]+)"
ONLY_POINT = rf"[+-]?(?:{GROUPS % ','}{{2,}}(?:\.[0-9]*)?|{GROUPS % ','}+\.[0-9]*)"
COMMA_OR_POINT = r"[+-]?[1-9][0-9]{0,2},[0-9]{3}"
POINT_OR_COMMA = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"


@dataclass(slots=True)
class Decision:
    """The type of each column, how its cells are written, what to tell of it, and how many cells do not fit."""

    types: dict[str, str]
    style: TextStyle
    notes: dict[str, list[str]] = field(default_factory=dict)
    misfits: dict[str, int] = field(default_factory=dict)

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
    connection: Connection,
    raw: Path,
    stored: Mapping[str, str],
    declared: Mapping[str, Kind],
    style: TextStyle,
    most_rejects: int,
    infer: bool = True,
) -> Decision:
    """By all rows of `raw`, whose columns are of the types `stored`. Without `infer`, text stays what it is."""
    made = Decision(dict(stored), style)
    for name, kind in declared.items():
        made.types[name] = TYPE_OF_KIND[kind]
    asked = [name for name, type in stored.items() if type == "VARCHAR" and name not in declared]
    if infer:
        _infer(connection, raw, asked, made)
    changed = [name for name, type in made.types.items() if type != "VARCHAR" and stored[name] == "VARCHAR"]
    present = count(connection, raw, {name: is_present(name, style) for name in changed})
    found = count(connection, raw, {name: misfits(name, made.types[name], made.style) for name in changed})
    for name, cells in found.items():
        if name not in declared and cells > min(most_rejects, (1 - MOSTLY) * present[name]):
            what = "numbers" if made.types[name] == "DOUBLE" else "times"
            made.note(name, f"{cells:,} of {present[name]:,} cells are no {what}; declare its type, or null_values")
            made.types[name] = "VARCHAR"
        elif cells:
            made.misfits[name] = cells
    return made


def _infer(connection: Connection, raw: Path, names: list[str], made: Decision) -> None:
    style = made.style
    first = {}
    for name in names:
        there, text = is_present(name, style), trimmed(name)
        short = f"{there} AND length({text}) <= {LONGEST_VALUE}"
        months = ", ".join(map(quoted, MONTHS))
        first[f"all {name}"] = there
        first[f"like {name}"] = f"{short} AND ({text} < ':' OR lower(left({text}, 3)) IN ({months}))"
        first[f"words {name}"] = f"{short} AND lower({text}) IN ({', '.join(map(quoted, sorted(BOOLEAN_WORDS)))})"
    seen = count(connection, raw, first)
    likely = []
    for name in names:
        cells = seen[f"all {name}"]
        if cells and seen[f"words {name}"] == cells:
            made.types[name] = "BOOLEAN"
        elif cells and seen[f"like {name}"] >= MOSTLY * cells:
            likely.append(name)
    found = _evidence(connection, raw, likely, style)
    for name in likely:
        _settle(name, seen[f"all {name}"], {what: found[f"{what} {name}"] for what in _patterns(style)}, made)
    if "," in made.style.decimals.values():
        _question_points(likely, seen, found, made)


def _patterns(style: TextStyle) -> dict[str, str]:
    return {
        "number": number_pattern(style.decimal),
        "pointed": r".*[.,eE].*",
        "padded": r"[+-]?0[0-9]+",
        "point or comma": POINT_OR_COMMA,
        "comma or point": COMMA_OR_POINT,
        "only comma": ONLY_COMMA,
        "only point": ONLY_POINT,
        "comma": number_pattern(","),
        "point": number_pattern("."),
        "blank groups": BLANK_GROUPS,
        "iso": ISO,
        "date": DAY_AND_MONTH,
        "short date": SHORT_YEAR,
        "day first": r"(?:1[3-9]|[2-9][0-9])[-/.][0-9]{1,2}[-/.][0-9]{4}.*",
        "month first": r"[0-9]{1,2}[-/.](?:1[3-9]|[2-9][0-9])[-/.][0-9]{4}.*",
        "named": r"(?:[0-9]{1,2}[ .-]+)?[A-Za-z]{3,9}[ .-].*[0-9]{4}.*",
    }


def _evidence(connection: Connection, raw: Path, names: list[str], style: TextStyle) -> dict[str, int]:
    conditions = {
        f"{what} {name}": f"{is_present(name, style)} AND regexp_full_match({trimmed(name)}, {quoted(pattern)})"
        for name in names
        for what, pattern in _patterns(style).items()
    }
    return count(connection, raw, conditions)


def _settle(name: str, cells: int, seen: Mapping[str, int], made: Decision) -> None:
    enough = MOSTLY * cells
    if seen["padded"] and not seen["pointed"]:
        if seen["number"] >= enough:
            made.note(name, "numbers that begin with 0 are kept as they are written; declare it numeric if they count")
    elif seen["number"] >= enough:
        made.types[name] = "DOUBLE"
    elif not made.style.decimal and max(seen["comma"], seen["point"]) >= enough:
        _settle_marks(name, seen, made, enough)
    elif seen["date"] >= enough:
        _settle_dates(name, seen, made)
    elif seen["iso"] >= enough or seen["iso"] + seen["named"] >= enough:
        made.types[name] = "TIMESTAMP"
    elif seen["short date"] >= enough:
        made.note(name, _ask_order("dates with two digits for the year"))


def _settle_marks(name: str, seen: Mapping[str, int], made: Decision, enough: float) -> None:
    """Which of comma and point stands before the decimals: by a cell that only one of them explains."""
    comma, point = seen["only comma"], seen["only point"]
    if comma and not point and seen["comma"] >= enough:
        _write_with(name, ",", made)
    elif seen["point"] >= enough and not comma and (point or (seen["blank groups"] and not seen["comma or point"])):
        _write_with(name, ".", made)
    elif seen["comma or point"] and not comma and not point:
        made.note(name, "a number such as 1,234 may be written with a decimal or a thousands mark; declare decimal")
    else:
        made.note(name, "numbers with decimal commas and decimal points are mixed; declare decimal")


def _write_with(name: str, decimal: str, made: Decision) -> None:
    made.types[name] = "DOUBLE"
    made.style = replace(made.style, decimals={**made.style.decimals, name: decimal})


def _question_points(likely: list[str], seen: Mapping[str, int], found: Mapping[str, int], made: Decision) -> None:
    """In a file with decimal commas, 1.234 may be a thousand."""
    for name in likely:
        cells = seen[f"all {name}"]
        is_plain = made.types[name] == "DOUBLE" and not made.style.decimal_of(name)
        if is_plain and cells and found[f"point or comma {name}"] == cells:
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
