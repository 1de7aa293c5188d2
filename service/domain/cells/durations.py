"""Durations as they are written: hours, minutes and perhaps seconds, as 1:30 or 1:30:00.5; or seconds alone."""

from __future__ import annotations

import re

from service.domain.cells.written import BLANKS, LEAVE_EMPTY, is_number, read_number, shown

_CLOCK = re.compile(
    r"(?P<sign>[+-]?)(?P<hours>\d+):(?P<minutes>[0-5]?\d)(?::(?P<seconds>[0-5]?\d(?:\.\d*)?))?", re.ASCII
)


def read_duration(cell: str) -> float:
    """Seconds. Raises ValueError with what is wrong."""
    if is_number(cell):
        return read_number(cell)
    found = _CLOCK.fullmatch(cell.strip(BLANKS))
    if found is None:
        raise ValueError(f"{shown(cell)} is not a duration; write it as 1:30:00, or {LEAVE_EMPTY}")
    seconds = int(found["hours"]) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"] or 0)
    return -seconds if found["sign"] == "-" else seconds
