"""Whether any cell of a file begins like 007 or with a blank, or joins digits as 1990_91 does: what a fast conversion
to numbers would not show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from service.domain.cells.written import BLANKS

BLOCK = 256 * 1024  # its masks stay in the processor's cache
JOINED = re.compile(rb"[0-9]_[0-9]")
BEFORE = b"\n\n\n"  # of a file: what a cell's first sign, 0 and digit may straddle


def has_padded(source: Path, delimiter: str) -> bool:
    """Whether a cell of a UTF-8 file begins with a blank, or with 0 and a digit after a sign or none; or joins digits
    by an underscore.

    A cell is what follows the delimiter, a line end or a quote; there may be a few false alarms within text.
    """
    buffer = bytearray(len(BEFORE) + BLOCK)
    buffer[: len(BEFORE)] = BEFORE
    with source.open("rb", buffering=0) as file:
        while size := file.readinto(memoryview(buffer)[len(BEFORE) :]):
            end = len(BEFORE) + size
            if padded_in(buffer, end, delimiter) or (buffer.find(b"_", 0, end) >= 0 and JOINED.search(buffer, 0, end)):
                return True
            buffer[: len(BEFORE)] = buffer[size:end]
    return False


def padded_in(buffer: bytearray, end: int, delimiter: str) -> bool:
    """Whether there are padded numbers in the bytes up to `end`, of which the first are `BEFORE`, or those before a
    part of a file."""
    begins = np.zeros(256, dtype=bool)
    begins[[ord(delimiter), *b'\r\n"']] = True
    blanks = [blank.encode() for blank in BLANKS if blank.isascii() and blank != delimiter and blank not in "\r\n"]
    blank_cells = {blank: [before + blank for before in (delimiter.encode(), b"\n", b'"')] for blank in blanks}
    cells = np.frombuffer(buffer, dtype=np.uint8, count=end)
    for start in range(0, end - len(BEFORE), BLOCK):
        stop = min(start + len(BEFORE) + BLOCK, end)
        for blank, starts in blank_cells.items():
            if buffer.find(blank, start, stop) >= 0 and any(buffer.find(one, start, stop) >= 0 for one in starts):
                return True
        block = cells[start:stop]
        padded = block[1:-1] == ord("0")
        padded &= (block[2:] - np.uint8(ord("0"))) < 10
        padded &= (block[:-2] - np.uint8(ord("."))) > 11  # neither a dot nor a digit is before it
        for place in np.flatnonzero(padded) + 1 if padded.any() else ():
            if begins[block[place - 1]] or (block[place - 1] in b"+-" and begins[block[place - 2]]):
                return True
    return False
