"""Cells as numbers or words: numbers, truth values and times by the styles that the manifest names."""

from __future__ import annotations

import functools
import math
import re
from datetime import datetime
from typing import Any

import numpy as np

# fmt: off
BOOLEANS = {**dict.fromkeys(["true", "t", "yes", "y", "1"], 1.0), **dict.fromkeys(["false", "f", "no", "n", "0"], 0.0)}
GROUPS = {"": "", ".": ", '\u2019\u00a0\u202f", ",": ". '\u2019\u00a0\u202f"}  # sets thousands apart, by decimal mark
LAKHS = {"": "", ".": "|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}", ",": ""}
LEFT_OUT = re.compile(  # what stands in a column of numbers where one is left out
    "[+-]?[nN][aA][nN]|[.]{1,3}|-{1,3}|[\u2014\u2212\u2013]{1,2}|\u2026|[?]{1,3}|[*]{1,3}|_{1,3}|/|#{2,}|"
    r"#(?:N/A|NAME\?|(?:DIV/0|VALUE|REF|NUM|NULL|SPILL|CALC)!)|Err:[0-9]{3}"
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
CLOCK = (
    r"(?:(?:,?\s|T)\s*(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]?\d)(?::(?P<second>[0-5]?\d)(?P<fraction>\.\d*)?)?"
    r"(?: ?(?P<half>[aApP])[mM])?(?:Z| (?i:UTC|GMT)|(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?)?)?"
)
DATES = {  # by the order of day, month and year that a column is known to have; those of "" are read in any column
    "ymd": [r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
            r"(?P<year>\d{2}|\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})"],
    "dmy": [r"(?P<day>\d{1,2})([-/. ])(?P<month>\d{1,2})\2(?P<year>\d{2}|\d{4})"],
    "mdy": [r"(?P<month>\d{1,2})([-/. ])(?P<day>\d{1,2})\2(?P<year>\d{2}|\d{4})"],
    "": [r"(?P<year>\d{4})([-/ \\])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
         r"(?P<day>\d{1,2})(?:[ /-]|\. )(?P<name>[A-Za-z]{3,9})\.?[ /-](?P<year>\d{4})",
         r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
         r"(?P<name>[A-Za-z]{3,9})([-/])(?P<day>\d{1,2})\2(?P<year>\d{4})",
         r"(?P<year>\d{4})([-/ ])(?P<name>[A-Za-z]{3,9})\2(?P<day>\d{1,2})"],
}
# fmt: on


def read_cell(cell: Any, column: str, kind: str, style: dict[str, Any]) -> Any:
    """A float or a word, None for a missing cell. Raises ValueError."""
    if cell is None or cell != cell:  # NaN
        return None
    if isinstance(cell, bool | np.bool_):
        if kind == "boolean":
            return float(cell)
        cell = style.get("words", {}).get(column, ("false", "true"))[bool(cell)]
    elif not isinstance(cell, str) and kind != "numeric":  # a number where a word is meant: its digits
        cell = str(int(cell)) if abs(cell) < 1e16 and cell == int(cell) else str(cell)
    text = cell.strip(" \t\n\v\f\r") if isinstance(cell, str) else ""
    if isinstance(cell, str) and text in style["missing"]:
        return None
    if kind == "numeric":
        written = style["decimals"].get(column, style["decimal"]), style.get("marks", {}).get(column, "")
        value = number_of(text, *written) if isinstance(cell, str) else float(cell)
        if LEFT_OUT.fullmatch(text):
            return None
        if not math.isfinite(value):
            raise ValueError
        if value in [number_of(word, *written) for word in style["missing"]]:
            return None  # where -999 is missing, so is -999.0
        return value
    if kind == "boolean":
        return BOOLEANS[text.lower()]
    return seconds_of(text, style["dates"].get(column, "")) if kind == "datetime" else text


@functools.lru_cache(100_000)
def number_of(text: str, mark: str, unit: str) -> float:
    """A number with this decimal mark, perhaps with thousands set apart; a plain one where the mark is "". `unit` is
    the currency or % that may stand beside it. NaN for what is none."""
    gap, sign, point = "[ \u00a0\u202f]*", "[+\u2212\u2013-]", re.escape(mark or ".")
    apart = "".join(rf"|[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+" for group in GROUPS[mark]) + LAKHS[mark]
    number = rf"(?:(?:[0-9]+{apart})(?:{point}(?:[0-9]+)?)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    form = f"{sign}?{number}"
    if unit:
        one, bare = re.escape(unit), rf"(?:{re.escape(unit)}{gap})?{number}(?:{gap}{re.escape(unit)})?"
        form = rf"{sign}?{bare}|{one}{gap}{sign}{number}|\({bare}\)"
    if not re.fullmatch(form, text):
        return math.nan
    text = re.sub(gap, "", text.replace(unit, "")).replace("(", "-").replace(")", "") if unit else text
    text = re.sub("[\u2212\u2013]", "-", text)
    return float("".join(letter for letter in text if letter not in GROUPS[mark]).replace(mark or ".", "."))


def seconds_of(text: str, order: str) -> float:
    """Seconds since 1970 in UTC, to the microsecond. A time without a zone is UTC."""
    forms = [*(DATES[order] if order else []), *DATES[""]]
    forms += [form.replace(r"(?P<year>\d{4})", r"(?P<year>\d{2})") for form in DATES[""][1:4] if order]
    found = next(filter(None, (re.fullmatch(f"(?:{form}){CLOCK}", text, re.ASCII) for form in forms)), None)
    if not found:
        raise ValueError
    part: dict[str, Any] = {name: value or "0" for name, value in found.groupdict().items()}
    number = {name: int(value) for name, value in part.items() if value.isdecimal()}
    if order and len(part["year"]) == 2:
        number["year"] += 2000 if number["year"] < 69 else 1900
    month = MONTHS.index(part["name"][:3].lower()) + 1 if "name" in part else number["month"]
    hour = number["hour"] if part["half"] == "0" else number["hour"] % 12 + 12 * (part["half"] in "pP")
    offset = (number["hours"] * 60 + number["minutes"]) * (-1 if part["sign"] == "-" else 1)
    day = datetime(number["year"], month, number["day"]) - datetime(1970, 1, 1)
    seconds = day.days * 86_400 + hour * 3600 + (number["minute"] - offset) * 60 + number["second"]
    return (seconds * 1_000_000 + int(part["fraction"].lstrip(".")[:6].ljust(6, "0"))) / 1e6
