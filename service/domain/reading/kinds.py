"""The kind of each column by how its cells are written; and the questions that only the user can answer.

How many cells are written in which way (see `service.domain.cells.ways`) is counted elsewhere: over the whole file at
ingest, over its first part for a preview. What follows from the counts is said here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from service.domain.cells.kinds import Kind
from service.domain.cells.ways import SPELLINGS, Seen
from service.domain.cells.written import FALSE_WORDS, TRUE_WORDS, TextStyle
from service.domain.sentences import few

MOSTLY = 0.9  # a column in which so many cells are of its kind keeps it, and the rows of the others are rejected
PERCENT = "%"
GAPS_SHOWN = 5


@dataclass(slots=True)
class Decision:
    """The kinds of the columns that are not words, how their cells are written, and what to tell of any column."""

    style: TextStyle
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, sentence: str) -> None:
        self.notes.setdefault(name, []).append(sentence)


def settle(seen: Mapping[str, Seen], style: TextStyle, numeric: Collection[str] = ()) -> Decision:
    """Decide by what was seen of each column; of those declared `numeric`, how their numbers are written."""
    made = Decision(style)
    for name, counts in seen.items():
        if counts["all"]:
            _settle(name, counts, made, name in numeric)
    if "," in made.style.decimals.values():
        _question_points({name: counts for name, counts in seen.items() if name not in numeric}, made)
    return made


def numbers_of(seen: Seen, style: TextStyle) -> int:
    """How many cells are numbers, in the way in which most are."""
    return max(seen["number"], 0 if style.decimal else max(with_comma(seen), with_point(seen)))


def marks_of(seen: Seen) -> dict[str, int]:
    """The currencies and % that numbers are written with, and in how many cells."""
    return {key.removeprefix("mark "): count for key, count in seen.items() if count and key.startswith("mark ")}


def decimal_of(seen: Seen, style: TextStyle) -> str:
    """The decimal mark by which most cells are numbers."""
    if style.decimal or seen["number"] >= numbers_of(seen, style):
        return style.decimal
    return "." if with_point(seen) >= with_comma(seen) else ","


def _settle(name: str, seen: Seen, made: Decision, is_numeric: bool) -> None:
    cells = seen["all"] - seen["gap"]  # a mark that leaves a number out is one in a column of numbers alone
    enough = MOSTLY * cells
    numbers = numbers_of(seen, made.style)
    if is_numeric:
        _settle_numbers(name, seen, made, MOSTLY * numbers)
    elif seen["words"] == seen["all"]:
        _settle_truths(name, seen, made)
    elif not cells or seen["address"] >= enough:
        return
    elif seen["padded"] and not seen["pointed"]:
        if seen["number"] >= enough:
            made.note(
                name, "numbers with leading zeros are kept as text; declare the column numeric if they are quantities"
            )
    elif seen["telephone"] == cells:
        made.note(name, "digits with a leading + are kept as text; declare the column numeric if they are quantities")
    elif numbers >= enough:
        _settle_numbers(name, seen, made, enough)
    elif seen["date"] >= enough:
        _settle_dates(name, seen, made)
    elif seen["iso"] >= enough or seen["iso"] + seen["named"] >= enough:
        made.kinds[name] = "datetime"
    elif seen["short date"] >= enough:
        made.note(name, _ask_order("dates with two-digit years"))
    elif seen["unit"] >= enough:
        made.note(
            name, "numbers with a unit or a letter are kept as text; write the numbers alone if they are quantities"
        )


def _settle_truths(name: str, seen: Seen, made: Decision) -> None:
    """Truths need a word of each side, and no two words may become one value but spellings of one: N and F are two."""
    words = {key.removeprefix("word ") for key, count in seen.items() if count and key.startswith("word ")}
    sides = [words & FALSE_WORDS, words & TRUE_WORDS]
    if all(sides) and all(any(side <= spellings for spellings in SPELLINGS) for side in sides):
        made.kinds[name] = "boolean"
        return
    if len(words) > 1:
        shown = " and ".join(f'"{word}"' for word in sorted(words))
        made.note(name, f"{shown} are kept as text; declare the column boolean if they mean false and true")


def _settle_numbers(name: str, seen: Seen, made: Decision, enough: float) -> None:
    """Numbers, if their marks have one meaning."""
    marks = marks_of(seen)
    bare = numbers_of(seen, made.style) - sum(marks.values())
    mark = next(iter(marks)) if len(marks) == 1 else ""
    if bare >= enough and (len(marks) > 1 or mark == PERCENT):
        mark = ""  # the few that have one are no numbers here
    elif len(marks) > 1:
        told = " and ".join(f'"{mark}" ({count:,} cells)' for mark, count in sorted(marks.items()))
        made.note(
            name,
            f"numbers are written with {told}: no unit is common to all; write the numbers alone, in a single unit",
        )
        return
    elif mark == PERCENT and bare:
        made.note(
            name,
            f"{marks[mark]:,} numbers have a %, {bare:,} have none: 12.3% may mean 12.3 or 0.123; write all of them "
            f"the same way",
        )
        return
    if seen["number"] >= enough and not (mark and mark != PERCENT and seen["point or comma"] == seen["number"]):
        made.kinds[name] = "numeric"
    elif not made.style.decimal:
        _settle_marks(name, seen, made, enough, is_amount=bool(mark) and mark != PERCENT)
    if mark and made.kinds.get(name) == "numeric":
        made.style = replace(made.style, marks={**made.style.marks, name: mark})
        made.note(name, _mark_note(mark, marks[mark], seen["all"]))


def _mark_note(mark: str, count: int, of: int) -> str:
    meaning = "12.3% is read as 12.3, not as 0.123" if mark == PERCENT else "only the number is read"
    return f'{count:,} of {of:,} cells have "{mark}": {meaning}'


def gaps_note(seen: Seen) -> str | None:
    """The sentence for a column of numbers in which marks stand where a number is left out."""
    found = {key.removeprefix("gap "): count for key, count in seen.items() if count and key.startswith("gap ")}
    told = [f'"{mark}" in {count:,}' for mark, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))]
    if not told:
        return None
    return f"read as missing: {few(told, GAPS_SHOWN)} of {seen['all']:,} cells"


def with_comma(seen: Seen) -> int:
    """Cells that are numbers where the decimal mark is a comma; plain integers are so in any case."""
    return seen["comma"] + seen["number"] - seen["pointed"] + seen["point or comma"]


def with_point(seen: Seen) -> int:
    """Cells that are numbers where the decimal mark is a point."""
    return seen["point"] + seen["number"]


def _settle_marks(name: str, seen: Seen, made: Decision, enough: float, is_amount: bool) -> None:
    """Which of comma and point stands before the decimals: by a cell that only one of them explains. No currency has
    three decimals, so that 1,234 is a thousand in a column of amounts."""
    comma, point = seen["only comma"], seen["only point"]
    may_be_either = seen["comma or point"] and not comma and not point
    in_threes = max(seen["comma"], seen["point"]) == seen["threes"] > seen["comma or point"]
    by_point = point or (seen["blank groups"] and not seen["comma or point"])
    by_point = by_point or (is_amount and seen["comma or point"] and not seen["point or comma"])
    if in_threes and not is_amount:
        made.note(
            name,
            "digits in groups of three alone, such as 101,202,303, may be one number or several; declare the decimal "
            "mark if each cell is one number",
        )
    elif seen["lakhs"] and seen["millions"]:
        made.note(name, "digits are grouped both as 12,34,567 and as 1,234,567; write all of them the same way")
    elif comma and not point and with_comma(seen) >= enough:
        _write_with(name, ",", made)
    elif by_point and not comma and with_point(seen) >= enough:
        _write_with(name, ".", made)
    elif may_be_either:
        made.note(name, "a number such as 1,234 has either a decimal or a thousands mark; declare the decimal mark")
    elif is_amount and not comma and not point:
        made.note(name, "an amount such as 1.234 has either a decimal or a thousands mark; declare the decimal mark")
    else:
        made.note(name, "numbers with decimal commas and decimal points are mixed; declare the decimal mark")


def _write_with(name: str, decimal: str, made: Decision) -> None:
    made.kinds[name] = "numeric"
    made.style = replace(made.style, decimals={**made.style.decimals, name: decimal})


def _question_points(seen: Mapping[str, Seen], made: Decision) -> None:
    """In a file with decimal commas, 1.234 may be a thousand."""
    for name, counts in seen.items():
        is_plain = made.kinds.get(name) == "numeric" and not made.style.decimal_of(name)
        if is_plain and counts["point or comma"] == counts["all"]:
            del made.kinds[name]
            made.note(name, "1.234 may mean 1234, since other columns have decimal commas; declare the decimal mark")


def _settle_dates(name: str, seen: Seen, made: Decision) -> None:
    """Day or month first: by a cell that only one order explains; else it is the user's to say."""
    day, month = seen["day first"], seen["month first"]
    if bool(day) != bool(month):
        made.kinds[name] = "datetime"
        made.style = replace(made.style, dates={**made.style.dates, name: "dmy" if day else "mdy"})
    else:
        made.note(
            name,
            _ask_order(
                "dates with both day-first and month-first order" if day else "dates whose day and month are ambiguous"
            ),
        )


def _ask_order(what: str) -> str:
    return f'{what}: declare their order with types, as "datetime:dmy", "datetime:mdy" or "datetime:ymd"'
