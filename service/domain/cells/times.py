"""Times as they are written: ISO and its kin, names of months, and day and month in a known order."""

from __future__ import annotations

import re
from datetime import date

from service.domain.cells.written import BLANKS, shown

ORDERS = ("ymd", "dmy", "mdy")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EPOCH = date(1970, 1, 1).toordinal()
TURN_OF_CENTURY = 69  # a year of two digits is 1969 to 2068, as POSIX has it

_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]*)?)?"
_ZONE = r"(?:Z| (?i:UTC|GMT)|[+-][0-9]{2}(?::?[0-9]{2})?)?"
ISO = (  # the forms that DuckDB takes, for its RE2: a zone only after a time
    r"[0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/| [0-9]{1,2} |\\[0-9]{1,2}\\)[0-9]{1,2}"
    rf"(?:[T\s]\s*{_CLOCK}{_ZONE})?"
)
DAY_AND_MONTH = rf"([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.][0-9]{{4}}(?:[T\s,]\s*{_CLOCK}(?: ?[aApP][mM])?{_ZONE})?"
MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]{0,6}"
SHORT_YEAR = (
    rf"(?:[0-9]{{1,2}}[-/.][0-9]{{1,2}}|[0-9]{{1,2}}[ /-]{MONTH}|{MONTH}[ /-][0-9]{{1,2}})"
    r"[-/., ]{1,2}[0-9]{2}(?:\s.*)?"
)
NAMED = rf"(?:[0-9]{{1,2}}[ ./-]+)?{MONTH}[ ./-].*[0-9]{{4}}.*|[0-9]{{4}}[ /-]{MONTH}[ /-][0-9].*"

_TAIL = (
    r"(?:(?:[T\s]|,\s)\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d*))?)?"
    r"(?: ?(?P<half>[aApP])[mM])?"
    r"(?:Z| (?i:UTC|GMT)|(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?)?)?"
)
_YEAR_FIRST = r"(?P<year>\d{4})(?P<mark>[-/ \\])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
_NAMED = (
    r"(?:(?P<day>\d{1,2})(?:[ /-]|\. )(?P<name>[A-Za-z]{3,9})\.?[ /-](?P<year>\d{4}))",
    r"(?:(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4}))",
    r"(?:(?P<name>[A-Za-z]{3,9})(?P<mark>[-/])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4}))",
    r"(?:(?P<year>\d{4})(?P<mark>[-/ ])(?P<name>[A-Za-z]{3,9})(?P=mark)(?P<day>\d{1,2}))",
)
_NAMED_OF_A_CENTURY = tuple(form.replace(r"(?P<year>\d{4})", r"(?P<year>\d{2})") for form in _NAMED[:3])
_ORDERED = {
    "ymd": (
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<year>\d{2}|\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
    ),
    "dmy": (r"(?P<day>\d{1,2})(?P<mark>[-/. ])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{2}|\d{4})",),
    "mdy": (r"(?P<month>\d{1,2})(?P<mark>[-/. ])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{2}|\d{4})",),
}
_FORMS = {
    order: tuple(
        re.compile(form + _TAIL, re.ASCII)
        for form in (*_ORDERED.get(order, ()), _YEAR_FIRST, *_NAMED, *(_NAMED_OF_A_CENTURY if order else ()))
    )
    for order in ("", *ORDERS)
}
_NAMES = {
    name: number
    for number, names in enumerate(
        (
            ("january",), ("february",), ("march",), ("april",), ("may",), ("june",), ("july",), ("august",),
            ("september", "sept"), ("october",), ("november",), ("december",),
        ), 1,
    )
    for name in (*names, names[0][:3])
}  # fmt: skip


def read_time(cell: str, order: str = "") -> int:
    """Microseconds since 1970 in UTC. A time without a zone is UTC. Raises ValueError with what is wrong."""
    text = cell.strip(BLANKS)
    for form in _FORMS[order]:
        if found := form.fullmatch(text):
            try:
                return _microseconds(found, order)
            except (ValueError, KeyError):
                break
    raise ValueError(f"{shown(cell)} is not a readable date; {_advice(order)}")


def is_time(cell: str, order: str = "") -> bool:
    """Whether a cell is written as a date or a time."""
    try:
        read_time(cell, order)
    except ValueError:
        return False
    return True


def _microseconds(found: re.Match[str], order: str) -> int:
    part = found.groupdict()
    year = int(part["year"])
    if order and len(part["year"]) == 2:
        year += 2000 if year < TURN_OF_CENTURY else 1900
    month = _NAMES[part["name"].lower()] if part.get("name") else int(part["month"])
    days = date(year, month, int(part["day"])).toordinal() - EPOCH
    seconds = _clock(int(part["hour"] or 0), int(part["minute"] or 0), int(part["second"] or 0), part["half"])
    offset = int(part["hours"] or 0) * 3600 + int(part["minutes"] or 0) * 60
    seconds += offset if part["sign"] == "-" else -offset
    return (days * 86_400 + seconds) * 1_000_000 + int((part["fraction"] or "")[:6].ljust(6, "0"))


def _clock(hour: int, minute: int, second: int, half: str | None) -> int:
    """Seconds since midnight; 24:00:00 is the next day's. Raises ValueError."""
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half in "pP" else 0)
    seconds = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or seconds > 86_400:
        raise ValueError
    return seconds


def _advice(order: str) -> str:
    if order in ("dmy", "mdy"):
        return f"its column is read as {'day/month/year' if order == 'dmy' else 'month/day/year'}"
    return "write it as 2026-01-31 or 2026-01-31T12:00:00Z"
