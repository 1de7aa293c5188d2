"""The first records of a CSV, read with marks that may be the wrong ones."""

from __future__ import annotations

import csv
import io
from typing import Any

MOST_RECORDS = 5000
MOST_LINES_READ = 50_000  # read, also for a second time; blank ones and comments among them


class Lines:
    """The lines of a text for csv.reader, those of the record at hand kept: they can be read again."""

    def __init__(self, text: str) -> None:
        self._file = io.StringIO(text.replace("\0", ""), newline="")
        self._again: list[str] = []
        self._taken: list[str] = []
        self.number = 0  # of the lines above the next one
        self.at_end = False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._file.readline()
        self.at_end = not line
        if self.at_end:
            raise StopIteration
        self.number += 1
        self._taken.append(line)
        return line

    def take(self) -> None:
        """The record that has just been read is whole."""
        self._taken.clear()

    def take_first(self) -> None:
        """It is broken, and ends with its first line; the others come again, as `service.reading.records` has it."""
        self.number -= len(self._taken) - 1
        self._again += reversed(self._taken[1:])
        self._taken.clear()


def records(text: str, whole: bool, mark: str, quote: str, escape: str, comment: str, blanks: bool) -> list[list[str]]:
    """The sample's complete records, at most MOST_RECORDS; blank lines, comments and broken ones left out."""
    return read(text, whole, mark, quote, escape, comment, blanks)[0]


def read(
    text: str, whole: bool, mark: str, quote: str, escape: str, comment: str, blanks: bool
) -> tuple[list[list[str]], int]:
    """The records, and how many were broken. A quote that is still open at the end of a sample that is not the `whole`
    file may be closed below."""
    lines = Lines(text)
    reader: Any = csv.reader(
        lines, delimiter=mark, quotechar=quote, escapechar=escape or None, skipinitialspace=blanks or mark == " ",
        strict=True,
    )  # fmt: skip
    found: list[list[str]] = []
    broken = 0
    is_last_broken = False
    while len(found) < MOST_RECORDS and broken < MOST_RECORDS and reader.line_num < MOST_LINES_READ:
        try:
            record = next(reader)
        except StopIteration:
            cut_off = not whole and not is_last_broken
            return (found[:-1] if cut_off else found), broken
        except csv.Error:
            broken, is_last_broken = broken + 1, True
            if whole or not lines.at_end:
                lines.take_first()
            continue
        is_last_broken = False
        lines.take()
        if len(record) == 0 or (len(record) == 1 and not record[0].strip() and mark != "\t"):
            continue
        if comment and record[0].startswith(comment) and (not found or len(record) != len(found[0])):
            continue
        found.append(record[:-1] if mark == " " and record[-1] == "" else record)
    return found, broken
