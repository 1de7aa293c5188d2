"""The kind of each column by how its cells are written; and the questions that only the user can answer.

How many cells are written in which way is counted elsewhere: over the whole file at ingest, over its first part for a
preview. What follows from the counts is said here. A pattern is of the whole cell without the blanks around it, and is
one string for two engines: Python's `re` and RE2 (in Arrow, at ingest).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from service.domain.columns import Kind
from service.domain.times import DAY_AND_MONTH, ISO, SHORT_YEAR
from service.domain.written import FALSE_WORDS, TRUE_WORDS, TextStyle, number_pattern

MOSTLY = 0.9  # a column in which so many cells are of its kind keeps it, and the rows of the others are rejected
BOOLEAN_WORDS = sorted((TRUE_WORDS | FALSE_WORDS) - {"0", "1"})  # these are numbers unless declared

# what only one way of writing numbers can have written, and what both may have
_BLANK = "[ '\u2019\u00a0\u202f]"
_POINTS, _COMMAS = r"[0-9]{1,3}(?:\.[0-9]{3})", r"[0-9]{1,3}(?:,[0-9]{3})"
ONLY_COMMA = (
    rf"[+-]?(?:{_POINTS}{{2,}}(?:,[0-9]*)?|{_POINTS}+,[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+,[0-9]*|"
    r"(?:0|[0-9]{4,})?,[0-9]+|[0-9]+,(?:[0-9]{0,2}|[0-9]{4,}))(?:[eE][+-]?[0-9]+)?"
)
ONLY_POINT = rf"[+-]?(?:{_COMMAS}{{2,}}(?:\.[0-9]*)?|{_COMMAS}+\.[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+\.[0-9]*)"

POINTED = "[.,eE]"
OF_NUMBERS: Mapping[str, str] = {
    "padded": r"[+-]?0[0-9]+",
    "point or comma": r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}",
}
OF_OTHERS: Mapping[str, str] = {
    "comma or point": r"[+-]?[1-9][0-9]{0,2},[0-9]{3}",
    "only comma": ONLY_COMMA,
    "only point": ONLY_POINT,
    "comma": number_pattern(","),
    "point": number_pattern("."),
    "blank groups": rf"[+-]?[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+",
    "iso": ISO,
    "date": DAY_AND_MONTH,
    "short date": SHORT_YEAR,
    "day first": r"(?:1[3-9]|[2-9][0-9])[-/.][0-9]{1,2}[-/.][0-9]{4}.*",
    "month first": r"[0-9]{1,2}[-/.](?:1[3-9]|[2-9][0-9])[-/.][0-9]{4}.*",
    "named": r"(?:[0-9]{1,2}[ .-]+)?[A-Za-z]{3,9}[ .-].*[0-9]{4}.*",
}

Seen = Mapping[str, int]
"""Of one column: how many cells are there ("all"), are a "number" (of these: "pointed" and OF_NUMBERS), and of the
others are one of the "words" for true and false or one of OF_OTHERS."""


@dataclass(slots=True)
class Decision:
    """The kinds of the columns that are not words, how their cells are written, and what to tell of any column."""

    style: TextStyle
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, sentence: str) -> None:
        self.notes.setdefault(name, []).append(sentence)


def settle(seen: Mapping[str, Seen], style: TextStyle) -> Decision:
    """Decide by what was seen of each column."""
    made = Decision(style)
    for name, counts in seen.items():
        if counts["all"]:
            _settle(name, counts, made)
    if "," in made.style.decimals.values():
        _question_points(seen, made)
    return made


def misfits_note(cells: int, of: int, kind: Kind) -> str:
    """The sentence for a column that has too many cells that are not of its kind, and is words after all."""
    what = "numbers" if kind == "numeric" else "times"
    return f"{cells:,} of {of:,} cells are no {what}; declare its type, or null_values"


def _settle(name: str, seen: Seen, made: Decision) -> None:
    enough = MOSTLY * seen["all"]
    if seen["words"] == seen["all"]:
        made.kinds[name] = "boolean"
    elif seen["padded"] and not seen["pointed"]:
        if seen["number"] >= enough:
            made.note(name, "numbers that begin with 0 are kept as they are written; declare it numeric if they count")
    elif seen["number"] >= enough:
        made.kinds[name] = "numeric"
    elif not made.style.decimal and max(with_comma(seen), with_point(seen)) >= enough:
        _settle_marks(name, seen, made, enough)
    elif seen["date"] >= enough:
        _settle_dates(name, seen, made)
    elif seen["iso"] >= enough or seen["iso"] + seen["named"] >= enough:
        made.kinds[name] = "datetime"
    elif seen["short date"] >= enough:
        made.note(name, _ask_order("dates with two digits for the year"))


def with_comma(seen: Seen) -> int:
    """Cells that are numbers where the decimal mark is a comma; plain integers are so in any case."""
    return seen["comma"] + seen["number"] - seen["pointed"] + seen["point or comma"]


def with_point(seen: Seen) -> int:
    """Cells that are numbers where the decimal mark is a point."""
    return seen["point"] + seen["number"]


def _settle_marks(name: str, seen: Seen, made: Decision, enough: float) -> None:
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
    made.kinds[name] = "numeric"
    made.style = replace(made.style, decimals={**made.style.decimals, name: decimal})


def _question_points(seen: Mapping[str, Seen], made: Decision) -> None:
    """In a file with decimal commas, 1.234 may be a thousand."""
    for name, counts in seen.items():
        is_plain = made.kinds.get(name) == "numeric" and not made.style.decimal_of(name)
        if is_plain and counts["point or comma"] == counts["all"]:
            del made.kinds[name]
            made.note(name, "1.234 may be a thousand, as other columns have decimal commas; declare decimal")


def _settle_dates(name: str, seen: Seen, made: Decision) -> None:
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
