"""The kind of each column by how its cells are written; and the questions that only the user can answer.

How many cells are written in which way is counted elsewhere: in the whole file at ingest, in its first part for a
preview. What follows from the counts is said here. A pattern is for two engines, Python's `re` and DuckDB's RE2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from service.domain.columns import Kind
from service.domain.times import DAY_AND_MONTH, ISO, SHORT_YEAR
from service.domain.written import FALSE_WORDS, TRUE_WORDS, TextStyle, number_pattern

MOSTLY = 0.9  # a column in which so many cells are of its type keeps it, and the rows of the others are rejected
BOOLEAN_WORDS = (TRUE_WORDS | FALSE_WORDS) - {"0", "1"}  # these are numbers unless declared

# what only one way of writing numbers can have written, and what both may have
GROUPS = r"[0-9]{1,3}(?:%s[0-9]{3})"
BLANK_GROUPS = r"[+-]?[0-9]{1,3}(?:[ '’\u00a0\u202f][0-9]{3})+"
ONLY_COMMA = (
    rf"[+-]?(?:{GROUPS % '[.]'}{{2,}}(?:,[0-9]*)?|{GROUPS % '[.]'}+,[0-9]*|(?:0|[0-9]*[0-9]{{4}})?,[0-9]+"
    r"|[0-9]+,(?:[0-9]{0,2}|[0-9]{4,})|[0-9]{1,3}(?:[ '’\u00a0\u202f][0-9]{3})+,[0-9]+)"
)
ONLY_POINT = rf"[+-]?(?:{GROUPS % ','}{{2,}}(?:\.[0-9]*)?|{GROUPS % ','}+\.[0-9]*)"
COMMA_OR_POINT = r"[+-]?[1-9][0-9]{0,2},[0-9]{3}"
POINT_OR_COMMA = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"


@dataclass(slots=True)
class Decision:
    """The kind of each column that is no words, how its cells are written, and what to tell of it."""

    style: TextStyle
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, sentence: str) -> None:
        self.notes.setdefault(name, []).append(sentence)


def patterns(style: TextStyle) -> dict[str, str]:
    """The ways of writing that are counted, each by the whole of a cell without the blanks around it."""
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


def settle(name: str, cells: int, seen: Mapping[str, int], made: Decision) -> None:
    """Decide on a column with so many `cells`, of which so many were `seen` in each way of writing."""
    enough = MOSTLY * cells
    if seen["padded"] and not seen["pointed"]:
        if seen["number"] >= enough:
            made.note(name, "numbers that begin with 0 are kept as they are written; declare it numeric if they count")
    elif seen["number"] >= enough:
        made.kinds[name] = "numeric"
    elif not made.style.decimal and max(seen["comma"], seen["point"]) >= enough:
        _settle_marks(name, seen, made, enough)
    elif seen["date"] >= enough:
        _settle_dates(name, seen, made)
    elif seen["iso"] >= enough or seen["iso"] + seen["named"] >= enough:
        made.kinds[name] = "datetime"
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
    made.kinds[name] = "numeric"
    made.style = replace(made.style, decimals={**made.style.decimals, name: decimal})


def question_points(cells: Mapping[str, int], seen: Mapping[str, Mapping[str, int]], made: Decision) -> None:
    """In a file with decimal commas, 1.234 may be a thousand. By column: how many cells, and what was seen of them."""
    if "," not in made.style.decimals.values():
        return
    for name, count in cells.items():
        is_plain = made.kinds.get(name) == "numeric" and not made.style.decimal_of(name)
        if is_plain and count and seen[name]["point or comma"] == count:
            del made.kinds[name]
            made.note(name, "1.234 may be a thousand, as other columns have decimal commas; declare decimal")


def _settle_dates(name: str, seen: Mapping[str, int], made: Decision) -> None:
    """Day or month first: by a cell that only one order explains; else it is the user's to say."""
    day, month = seen["day first"], seen["month first"]
    if bool(day) != bool(month):
        made.kinds[name] = "datetime"
        made.style = replace(made.style, dates={**made.style.dates, name: "dmy" if day else "mdy"})
    else:
        made.note(
            name, _ask_order("dates whose day and month are mixed" if day else "dates that may be day or month first")
        )


def _ask_order(what: str) -> str:
    return f'{what}: declare their order with types, as "datetime:dmy", "datetime:mdy" or "datetime:ymd"'
