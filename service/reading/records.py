"""The records of any CSV, one at a time, with the physical line of each and what is wrong with the broken ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOBase
from pathlib import Path

from service.domain.reading.dialect import Dialect, not_text
from service.domain.reading.encodings import BAD
from service.errors import WorkFailed

MOST_READ_AGAIN = 8  # times the longest record: stray quotes must not make the work grow with the square of the file
LINE_END = re.compile("\r\n|\n|\r")
TEXT = 64 * 1024  # letters of a file that are read at once
NEVER_CLOSED = "a quote is not closed properly; close it, or double the quotes inside the cell"


@dataclass(slots=True)
class CsvRecord:
    """A record that begins on physical line `line`. `reason` is empty, or says why it is no row of the table."""

    line: int
    cells: list[str]
    lines: list[str]
    reason: str = ""

    @property
    def raw(self) -> str:
        """The text as it stands in the file, without its last line break."""
        return "".join(self.lines).rstrip("\r\n")


def records(path: Path, dialect: Dialect, width: int, most_cell_bytes: int) -> Iterator[CsvRecord]:
    """Every record of a file, as `records_of` reads it. Raises WorkFailed."""
    with path.open(encoding=dialect.encoding, errors="surrogateescape", newline="") as file:
        try:
            yield from records_of(file, dialect, width, most_cell_bytes)
        except _Undecodable as error:
            raise _Undecodable(_line_of_error(path, dialect.encoding) or error.line, error.why) from None


class _Undecodable(WorkFailed):
    """Bytes that the encoding does not have, about at `line`: text is decoded many lines at a time."""

    def __init__(self, line: int, why: UnicodeError) -> None:
        super().__init__("not_text", f"line {line} cannot be decoded: {why}")
        self.line = line
        self.why = why


def _line_of_error(path: Path, encoding: str) -> int:
    """The line on which a file cannot be decoded, by decoding it line by line; 0 where it can."""
    number = 0
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        try:
            for piece in iter(lambda: file.readline(TEXT), ""):
                number += piece.endswith(("\n", "\r"))
        except UnicodeError:
            return number + 1
    return 0


def records_of(
    file: TextIOBase, dialect: Dialect, width: int, most_cell_bytes: int, lines_before: int = 0
) -> Iterator[CsvRecord]:
    """Every record below the header, in order; blank lines and comments are none. Memory is that of a record.

    `file` was opened with `errors="surrogateescape", newline=""`; what is left of it begins after `lines_before`
    physical lines, and when these are not none, below the header. A record that cannot be read ends with its first
    line: what a stray quote swallowed is read again. Raises WorkFailed for a cell beyond `most_cell_bytes` and for a
    file that is not in its encoding.
    """
    csv.field_size_limit(2**31 - 1)  # the process's own limit is 128 KiB
    lines = _Lines(file, dialect, width, 2 * most_cell_bytes, lines_before)
    reader = csv.reader(lines, **dialect.csv_options)
    headers = dialect.header_lines if dialect.header and not lines_before else 0
    while (record := _next(reader, lines, width)) is not None:
        if headers and not record.reason:
            headers -= 1
            continue
        if not record.reason:
            record.cells = dialect.fitted(record.cells, width)
            _check(record, dialect, width, most_cell_bytes)
        yield record


def _next(reader: Iterator[list[str]], lines: _Lines, width: int) -> CsvRecord | None:
    try:
        cells = next(reader)
        return CsvRecord(lines.start, cells, lines.take())
    except StopIteration:
        return None
    except (csv.Error, _TooLong):
        return CsvRecord(lines.start, [], lines.take_first(), NEVER_CLOSED)
    except UnicodeError as error:
        raise _Undecodable(lines.number + 1, error) from None


def _check(record: CsvRecord, dialect: Dialect, width: int, most_cell_bytes: int) -> None:
    """Set the reason of a record that is no row of the table."""
    if len(record.cells) != width:
        there = f"{len(record.cells)} cell" + ("s" if len(record.cells) != 1 else "")
        record.reason = f"{there}, but there are {width} columns"
        if len(record.cells) == width + 1 and record.cells[-1] == "":
            record.reason += " (the line ends with a delimiter)"
    text = record.lines[0] if len(record.lines) == 1 else "".join(record.lines)
    if "\0" in text:
        record.reason = "the row contains a NUL byte"
    elif not text.isascii() and BAD.search(text):
        record.reason = not_text(dialect.encoding, record.line)
    if len(text) * 4 > most_cell_bytes:
        for number, cell in enumerate(record.cells):
            if len(cell) * 4 > most_cell_bytes and len(cell.encode("utf-8", "replace")) > most_cell_bytes:
                raise too_long(record.line, number + 1, most_cell_bytes)


def too_long(line: int, column: int, most_cell_bytes: int) -> WorkFailed:
    """The error of a cell beyond the limit."""
    where = f"line {line}, column {column}: the cell" if line else f"column {column}: a cell"
    return WorkFailed(
        "cell_too_long",
        f"{where} is longer than {most_cell_bytes:,} bytes, the limit set by ADALINE_MAX_CELL_BYTES; is a quote not "
        "closed?",
    )


class _TooLong(Exception):
    """A record of many lines has grown beyond the limit: a quote that nothing closes."""


class _Lines:
    """The file's physical lines for csv.reader, those of the record at hand kept. Bounded, also without line ends."""

    def __init__(self, file: TextIOBase, dialect: Dialect, width: int, longest: int, before: int) -> None:
        self._file = file
        self._dialect = dialect
        self._width = width
        self._longest = longest
        self._blank = "\r\n" if width == 1 else " \r\n" + ("" if dialect.delimiter == "\t" else "\t")
        self._text = ""  # of the file, from `_at` on not yet read
        self._at = 0
        self._feeds_alone = False
        self._blank_lines = re.compile(f"[{self._blank}]*[\r\n]")
        self._again: list[str] = []
        self._taken: list[str] = []
        self._size = 0
        self._read_again = 0
        null = rf"(^|{re.escape(dialect.delimiter)})\\N(?={re.escape(dialect.delimiter)}|[\r\n]|$)"
        self._null = re.compile(null) if dialect.escape else None
        self.number = before
        self.start = before + 1
        for _ in range(0 if before else dialect.skipped_lines):
            self._line()
            self.number += 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while True:
            line = self._again.pop() if self._again else self._line()
            if not line:
                raise StopIteration
            self.number += 1
            if self._taken:
                break
            self.start = self.number
            if not ((line.isspace() and not line.strip(self._blank)) or self._is_comment(line)):
                break
            self._skip_blank_lines()
        self._taken.append(line)
        self._size += len(line)
        if self._size > self._longest:
            raise _TooLong
        if self._dialect.delimiter == " " and self._size == len(line):
            line = line.rstrip(" \r\n") + "\n"
        return self._null.sub(r"\1", line) if self._null else line

    def take(self) -> list[str]:
        """The lines of the record that has just been read."""
        taken, self._taken, self._size = self._taken, [], 0
        return taken

    def take_first(self) -> list[str]:
        """The first of them; the others come again."""
        self._read_again += self._size
        if self._read_again > MOST_READ_AGAIN * self._longest:
            raise WorkFailed("not_csv", f"line {self.start}: {NEVER_CLOSED}; as in too many rows before")
        first, *rest = self.take()
        self._again += reversed(rest)
        self.number -= len(rest)
        return [first]

    def _line(self) -> str:
        line = self._next_line()
        if self.number == 0:
            line = line.removeprefix("\ufeff")
        if len(line) >= self._longest and not line.endswith(("\r", "\n")):
            raise too_long(self.number + 1, 1, self._longest // 2)
        return line

    def _next_line(self) -> str:
        """The next line, as from `readline`: with its end, or the first part of one that is too long. Of a long one
        twice as much is read each time: it is looked through a few times, not once for each piece."""
        at, end = self._at, self._text.find("\n", self._at) + 1 if self._feeds_alone else 0
        if 0 < end <= at + self._longest:
            self._at = end
            return self._text[at:end]
        while True:
            found = LINE_END.search(self._text, self._at)
            size = (found.end() if found else len(self._text)) - self._at
            if size >= self._longest:
                break
            if found and (found.end() < len(self._text) or found[0] != "\r"):
                break
            if not (more := self._file.read(max(TEXT, len(self._text) - self._at))):
                break
            self._text, self._at = self._text[self._at :] + more, 0
            self._feeds_alone = "\r" not in self._text
        line = self._text[self._at : self._at + min(size, self._longest)]
        self._at += len(line)
        return line

    def _skip_blank_lines(self) -> None:
        """What else is blank below a blank line, as far as the text is here: files may be little else."""
        if self._again or not (found := self._blank_lines.match(self._text, self._at)):
            return
        end = found.end() - (found.end() == len(self._text) and self._text.endswith("\r"))  # may be half of one
        skipped = self._text[self._at : end]
        self.number += skipped.count("\n") + skipped.count("\r") - skipped.count("\r\n")
        self._at = end

    def _is_comment(self, line: str) -> bool:
        """Whether a line that begins with the mark is none of the table's: it has not as many cells."""
        if not self._dialect.comment or not line.startswith(self._dialect.comment):
            return False
        try:
            return self._width == 1 or len(next(csv.reader([line], **self._dialect.csv_options))) != self._width
        except csv.Error:
            return True
