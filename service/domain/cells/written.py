"""How values are written in a text file: the patterns that ingest and prediction share, and what they mean.

A pattern here is one string for two engines, Python's `re` and RE2 (in DuckDB, at ingest), so that a cell is the
same number on both sides. `TextStyle` is what a file or its user said beyond the plain forms.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
SPREADSHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!")
MISSING_WORDS = (
    "", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "<NA>", "\\N", *SPREADSHEET_ERRORS,
)  # fmt: skip
"""How a missing cell is written in a CSV: an empty cell, or one of the words that the common tools write."""

BLANKS = " \t\n\v\f\r"
"""What may stand around a value without changing it."""

LEAVE_EMPTY = "leave a missing cell empty"
SEND_NULL = "send null for a missing value"
MOST_DIGITS = 1e16  # from here on float64 itself is written with an exponent

MINUS_SIGNS = "\u2212\u2013"  # the minus sign of typesetters, and the dash that stands for it
_SIGN = f"[+\\-{MINUS_SIGNS}]"
_DIGITS = "[0-9]+"
_EXPONENT = "(?:[eE][+-]?[0-9]+)?"
_PLAIN = rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS}){_EXPONENT}"
# in a column of numbers: the word, the marks of those who leave a cell out, and what a spreadsheet could not work out
_LEFT_OUT = f"[.]{{1,3}}|-{{1,3}}|[\u2014{MINUS_SIGNS}]{{1,2}}|\u2026|[?]{{1,3}}|[*]{{1,3}}|_{{1,3}}|/|#{{2,}}"
_NOT_WORKED_OUT = r"#(?:N/A|NAME\?|(?:DIV/0|VALUE|REF|NUM|NULL|SPILL|CALC)!)|Err:[0-9]{3}"
NOT_A_NUMBER = rf"[+-]?[nN][aA][nN]|{_LEFT_OUT}|{_NOT_WORKED_OUT}"
# thousands are set apart by the other mark, or by a blank, an apostrophe or a narrow blank, each in threes
GROUP_MARKS = {".": (",", " ", "'", "\u2019", "\u00a0", "\u202f"), ",": (".", " ", "'", "\u2019", "\u00a0", "\u202f")}
LAKHS = "[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"  # 12,34,567, as India groups digits
_GAP = "[ \u00a0\u202f]*"  # between a number and its currency


def number_pattern(decimal: str, mark: str = "") -> str:
    """The pattern of a number: plain ones for "", else those with this decimal mark and perhaps thousands apart; a
    `mark`, a currency or %, may stand before or behind it, and parentheses around a negative amount then."""
    number = _unsigned(decimal)
    if not mark:
        return f"{_SIGN}?{number}"
    sign = re.escape(mark)
    return (
        rf"(?:{_SIGN}?(?:{sign}{_GAP})?{number}(?:{_GAP}{sign})?|{sign}{_GAP}{_SIGN}{number}|"
        rf"\((?:{sign}{_GAP})?{number}(?:{_GAP}{sign})?\))"
    )


def _unsigned(decimal: str) -> str:
    if not decimal:
        return _PLAIN
    groups = "|".join(f"(?:{re.escape(mark)}[0-9]{{3}})+" for mark in GROUP_MARKS[decimal])
    mark = re.escape(decimal)
    lakhs = f"|{LAKHS}" if decimal == "." else ""
    whole = rf"(?:[0-9]{{1,3}}(?:{groups}){lakhs}|{_DIGITS})"
    return rf"(?:{whole}(?:{mark}(?:{_DIGITS})?)?|{mark}{_DIGITS}){_EXPONENT}"


def unwritten(decimal: str, mark: str) -> list[tuple[str, str]]:
    """What is to be replaced in a number of that pattern, in this order, to make it a plain one."""
    found = [(sign, "-") for sign in MINUS_SIGNS]
    if mark:
        found += [(mark, ""), *((blank, "") for blank in _GAP[1:-2]), ("(", "-"), (")", "")]
    if decimal:
        found += [*((group, "") for group in GROUP_MARKS[decimal]), (decimal, ".")]
    return found


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What cells of a file mean beyond their plain forms.

    `missing` are the words for a missing cell. `decimal` is the declared decimal mark ("" when plain numbers are
    all there is); `decimals` the mark of single columns that were found to differ; `marks` the currency or % that a
    column's numbers are written with; `dates` the order of day, month and year by column: "ymd", "dmy" or "mdy";
    `words` how false and true are written, by column, where that is neither false and true nor 0 and 1.
    """

    missing: tuple[str, ...] = MISSING_WORDS
    decimal: str = ""
    decimals: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def decimal_of(self, column: str) -> str:
        return self.decimals.get(column, self.decimal)

    def mark_of(self, column: str) -> str:
        return self.marks.get(column, "")

    def order_of(self, column: str) -> str:
        return self.dates.get(column, "")

    def words_of(self, column: str) -> tuple[str, str]:
        """How false and true are written in a column."""
        return self.words.get(column, ("false", "true"))

    def is_missing(self, cell: str) -> bool:
        return cell.strip(BLANKS) in self.missing

    def missing_numbers(self, column: str) -> frozenset[float]:
        """What the words for a missing cell are as numbers: where -999 is missing, so is -999.0."""
        return _missing_numbers(self.missing, self.decimal_of(column), self.mark_of(column))

    def word(self, cell: str) -> str:
        """The word of a cell that is not missing: blanks around it are of no cell."""
        return cell.strip(BLANKS)

    def to_json(self) -> dict[str, Any]:
        return {
            "missing": list(self.missing),
            "decimal": self.decimal,
            "decimals": dict(self.decimals),
            "marks": dict(self.marks),
            "dates": dict(self.dates),
            "words": {column: list(words) for column, words in self.words.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> TextStyle:
        """The style that `to_json` wrote; the plain one for a file or a model that has none."""
        if not data:
            return cls()
        return cls(
            tuple(data["missing"]),
            str(data["decimal"]),
            dict(data.get("decimals", {})),
            dict(data.get("dates", {})),
            {column: (false, true) for column, (false, true) in data.get("words", {}).items()},
            dict(data.get("marks", {})),
        )

    @classmethod
    def declared(cls, null_values: Any, decimal: str | None) -> TextStyle:
        """The style that a user declares: words for a missing cell, replacing the usual ones, and the decimal mark."""
        words = MISSING_WORDS if null_values is None else ("", *(word.strip(BLANKS) for word in null_values))
        return cls(tuple(dict.fromkeys(words)), decimal or "")


PLAIN = TextStyle()


@lru_cache(maxsize=64)
def _number(decimal: str, mark: str) -> tuple[re.Pattern[str], list[tuple[str, str]]]:
    return re.compile(number_pattern(decimal, mark)), unwritten(decimal, mark)


_NAN = re.compile(NOT_A_NUMBER)


def is_number(cell: str, decimal: str = "", mark: str = "") -> bool:
    """Whether a cell is written as a number."""
    return _number(decimal, mark)[0].fullmatch(cell.strip(BLANKS)) is not None


def read_number(cell: str, decimal: str = "", mark: str = "") -> float:
    """The number, NaN for a word or mark that leaves it out. Raises ValueError with what is wrong."""
    text = cell.strip(BLANKS)
    if _NAN.fullmatch(text):
        return math.nan
    pattern, replaced = _number(decimal, mark)
    if not pattern.fullmatch(text):
        raise ValueError(not_a_number(cell, decimal))
    for what, by in replaced:
        text = text.replace(what, by)
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{shown(cell)} is too large for a number")
    return value


def not_a_number(cell: str, decimal: str = "") -> str:
    """The sentence for a cell that is no number."""
    if cell.strip(BLANKS).lstrip("+-").lower() in ("inf", "infinity"):
        return f"{shown(cell)} is infinite, not a finite number; {LEAVE_EMPTY}"
    written = " with a decimal comma, like the others of its column" if decimal == "," else ""
    return f"{shown(cell)} is not a number{written}; {LEAVE_EMPTY}"


@lru_cache(maxsize=64)
def _missing_numbers(words: tuple[str, ...], decimal: str, mark: str) -> frozenset[float]:
    numbers = set()
    for word in words:
        if is_number(word, decimal, mark):
            with contextlib.suppress(ValueError):  # beyond float64: no number of a column is that
                numbers.add(read_number(word, decimal, mark))
    return frozenset(numbers)


def digits(number: float) -> str:
    """How a number is written as a cell: whole ones without a decimal point, so that 3.0 is 3. NumPy's float32 is
    written in as few digits as tell it from its neighbours, as float64 is."""
    whole = abs(number) < MOST_DIGITS and number == int(number)
    return str(int(number)) if whole else str(number)


def read_boolean(cell: str) -> float:
    """1.0 or 0.0. Raises ValueError with what is wrong."""
    word = cell.strip(BLANKS).lower()
    if word in TRUE_WORDS:
        return 1.0
    if word in FALSE_WORDS:
        return 0.0
    raise ValueError(f"{shown(cell)} is not true or false; {LEAVE_EMPTY}")


def shown(cell: Any) -> str:
    """A cell as a message shows it, in part when it is long."""
    text = f'"{cell}"' if isinstance(cell, str) else str(cell).lower() if isinstance(cell, bool) else repr(cell)
    return text if len(text) <= 60 else text[:57] + "…"
