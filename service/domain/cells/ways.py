"""The ways in which a cell may be written: patterns by which `service.domain.reading.kinds` settles kinds.

A pattern is of the whole cell without the blanks around it, and is one string for two engines: Python's `re` and RE2
(in Arrow, at ingest).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from service.domain.cells.times import DAY_AND_MONTH, ISO, NAMED, SHORT_YEAR
from service.domain.cells.written import (
    FALSE_WORDS,
    LAKHS,
    MINUS_SIGNS,
    NOT_A_NUMBER,
    TRUE_WORDS,
    number_pattern,
)

BOOLEAN_WORDS = sorted((TRUE_WORDS | FALSE_WORDS) - {"0", "1"})  # these are numbers unless declared
SPELLINGS = {"false", "f"}, {"true", "t"}, {"no", "n"}, {"yes", "y"}  # of one word each
LONGEST_WORD = max(map(len, BOOLEAN_WORDS))
LONGEST_GAP = 12  # bytes of a mark that leaves a number out

# what only one way of writing numbers can have written, and what both may have
_BLANK = "[ '\u2019\u00a0\u202f]"
_SIGN = f"[+\\-{MINUS_SIGNS}]?"
_POINTS, _COMMAS = r"[0-9]{1,3}(?:\.[0-9]{3})", r"[0-9]{1,3}(?:,[0-9]{3})"
ONLY_COMMA = (
    rf"{_SIGN}(?:{_POINTS}{{2,}}(?:,[0-9]*)?|{_POINTS}+,[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+,[0-9]*|"
    r"(?:0|[0-9]{4,})?,[0-9]+|[0-9]+,(?:[0-9]{0,2}|[0-9]{4,}))(?:[eE][+-]?[0-9]+)?"
)
ONLY_POINT = (
    rf"{_SIGN}(?:{_COMMAS}{{2,}}(?:\.[0-9]*)?|{_COMMAS}+\.[0-9]*|[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+\.[0-9]*|"
    rf"{LAKHS}(?:\.[0-9]*)?)"
)
# groups of threes alone, the first too: a number, or a list of numbers, an address, a telephone's number
_THREES = "|".join(rf"[0-9]{{3}}(?:{mark}[0-9]{{3}})+" for mark in (",", r"\.", " ", "'", "\u2019", "\u00a0", "\u202f"))
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[0-9]{1,2})"
_UNIT = "[A-Za-z\u00b0\u00b5\u00b2\u00b3\u03bc\u2103]"

# a currency or % beside a number; the longer ones first
_CODES = (
    "USD EUR GBP JPY CHF CNY RMB INR AUD CAD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB UAH ILS BRL MXN ARS CLP "
    "COP PEN ZAR NGN KES EGP AED SAR SGD HKD KRW TWD THB IDR MYR PHP VND PKR BDT LKR"
)
CURRENCY = (
    "(?:(?:US|AU|CA|NZ|HK|NT|MX|A|C|S|R)\\$|[$\u00a2\u00a3\u00a5\u20a0-\u20bf\u0e3f]|"
    + "|".join(_CODES.split())
    + "|kr|z\u0142|K\u010d|Ft|Rs|Fr)"
)
POINTED = "[.,eE]"
OF_NUMBERS: Mapping[str, str] = {
    "padded": rf"{_SIGN}0[0-9]+",
    "telephone": r"\+[0-9]{8,15}",
    "point or comma": rf"{_SIGN}[1-9][0-9]{{0,2}}\.[0-9]{{3}}",
}
OF_BOTH: Mapping[str, str] = {
    "threes": _THREES,
    "address": rf"{_OCTET}(?:\.{_OCTET}){{3}}",
    "lakhs": rf"{_SIGN}{LAKHS}(?:\.[0-9]*)?",
    "millions": rf"{_SIGN}[0-9]{{1,3}}(?:,[0-9]{{3}}){{2,}}(?:\.[0-9]*)?",
}
OF_OTHERS: Mapping[str, str] = {
    "comma or point": rf"{_SIGN}[1-9][0-9]{{0,2}},[0-9]{{3}}",
    "only comma": ONLY_COMMA,
    "only point": ONLY_POINT,
    "comma": number_pattern(","),
    "point": number_pattern("."),
    "blank groups": rf"{_SIGN}[0-9]{{1,3}}(?:{_BLANK}[0-9]{{3}})+",
    "iso": ISO,
    "date": DAY_AND_MONTH,
    "short date": SHORT_YEAR,
    "day first": r"(?:1[3-9]|[2-9][0-9])[-/.][0-9]{1,2}[-/.][0-9]{4}.*",
    "month first": r"[0-9]{1,2}[-/.](?:1[3-9]|[2-9][0-9])[-/.][0-9]{4}.*",
    "named": NAMED,
    "limit": r"[<>]=? ?[0-9.,]+",
    "unit": rf"{_SIGN}(?:{CURRENCY} ?)?[0-9][0-9.,]* ?{_UNIT}{{1,5}}[0-9]?(?:/{_UNIT}{{1,4}})?",
}

_GAP = "[ \u00a0\u202f]*"
_BODY = "[.,]?[0-9](?:[0-9., '\u2019\u00a0\u202f]*[0-9.,])?"
MARKED = rf"\(?{_SIGN}(?:(?P<before>{CURRENCY}){_GAP}{_SIGN})?(?P<body>{_BODY}){_GAP}(?P<after>{CURRENCY}|%)?\)?"
MAY_BE_MARKED = rf"^\(?{_SIGN}{CURRENCY}.*[0-9]|[0-9.,].*(?:{CURRENCY}|%)\)?$"

Seen = Mapping[str, int]
"""Of one column: how many cells are there ("all"), how many of them are a mark that leaves a number out ("gap", and by
"gap X"), how many are a "number" (of these: "pointed" and OF_NUMBERS), and of the others are one of the "words" for
true and false (also by "word X") or one of OF_OTHERS. A cell with a currency or % counts as "mark X", and as what it is
without that."""


def mark_of(before: str | None, after: str | None) -> str:
    """The mark of a cell that is MARKED; "" where there is none, or not one."""
    if before and after and before != after:
        return ""
    return before or after or ""


def ways_of(cell: str, decimal: str) -> list[str]:
    """What one cell that is there counts as, by Python's engine. `cell` has no blanks around it."""
    known = _known(decimal)
    if known["number"].fullmatch(cell):
        return _ways_of_number(cell, decimal)
    if known["gap"].fullmatch(cell):
        return ["gap", f"gap {cell}"]
    if (word := cell.lower()) in BOOLEAN_WORDS:
        return ["words", f"word {word}"]
    found = known["marked"].fullmatch(cell)
    if found and (mark := mark_of(found["before"], found["after"])):
        body = found["body"]
        is_number = known["number"].fullmatch(body)
        return [f"mark {mark}", *(_ways_of_number(body, decimal) if is_number else _ways_of_other(body, decimal))]
    return _ways_of_other(cell, decimal)


def _ways_of_number(cell: str, decimal: str) -> list[str]:
    known = _known(decimal)
    return ["number", *(what for what in ("pointed", *OF_NUMBERS, *OF_BOTH) if known[what].fullmatch(cell))]


def _ways_of_other(cell: str, decimal: str) -> list[str]:
    known = _known(decimal)
    return [what for what in (*OF_OTHERS, *OF_BOTH) if known[what].fullmatch(cell)]


@lru_cache(maxsize=4)
def _known(decimal: str) -> dict[str, re.Pattern[str]]:
    patterns = {
        "number": number_pattern(decimal),
        "gap": NOT_A_NUMBER,
        "marked": MARKED,
        "pointed": f".*{POINTED}.*",
        **OF_NUMBERS,
        **OF_BOTH,
        **OF_OTHERS,
    }
    return {what: re.compile(pattern, re.ASCII) for what, pattern in patterns.items()}
