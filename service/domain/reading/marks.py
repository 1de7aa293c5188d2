"""The marks of a CSV: what stands between cells, around them, before a quote, and before a comment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.cells.written import MISSING_WORDS, is_number
from service.domain.reading.first_records import read, records
from service.domain.reading.titles import lines_above

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 65_536  # characters of the sample, where a look is enough
_LINE_END = re.compile(r"\r\n|\n|\r")
_SEP = re.compile(r"""\"?sep=(?P<mark>[^\w\s"]|\t| )\"?[;,\t| ]*(?:\r\n|\n|\r)""", re.IGNORECASE)
_NOT_BLANK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Marks:
    """What was found; see `service.domain.reading.dialect.Dialect`."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    blanks_before_quotes: bool = False
    skipped_lines: int = 0
    newline: str = "\n"

    @property
    def shown(self) -> str:
        return {"\t": "tab", " ": "space"}.get(self.delimiter, repr(self.delimiter))


@dataclass(frozen=True, slots=True)
class FoundMarks:
    """The marks, and the sample's complete records without comments and blank lines. `titles`: so many lines above the
    header are neither."""

    marks: Marks
    records: list[list[str]]
    titles: int = 0


def find(text: str, whole: bool, delimiter: str | None = None, titled: bool = True) -> FoundMarks:
    """The marks of a file by its first part; a declared `delimiter` is taken as it is. `titled`: there may be lines
    above the header."""
    newline = _newline(text)
    named, text = _named_delimiter(text)
    delimiter = delimiter or named
    skipped, comment, rest = _preamble(text, delimiter)
    skipped += named is not None
    above = lines_above(rest, whole, [delimiter] if delimiter else DELIMITERS) if titled else 0
    if above:
        at = 0
        for _ in range(above):
            at = end.end() if (end := _LINE_END.search(rest, at)) else len(rest)
        skipped, rest = skipped + above, rest[at:]
    if not comment and re.search(r"(?:^|[\r\n])# ", rest[:LOOKED_AT]) and not _hash_is_data(rest, delimiter):
        comment = "#"
    quote = _quote(rest, delimiter)
    candidates = [delimiter] if delimiter else [*DELIMITERS]
    ways = [(mark, "") for mark in candidates]
    if "\\" in rest:
        ways += [(mark, "\\") for mark in candidates]
    scored = [(_score(rest, whole, mark, quote, escape, comment), mark, escape) for mark, escape in ways]
    best = max(scored, key=lambda one: one[0])
    if best[0][1] < 2 and not delimiter:
        inner = _quote(rest, " ")
        if lines := _by_blanks(rest, whole, inner, comment):
            return FoundMarks(Marks(" ", inner, "", comment, False, skipped, newline), lines, above)
    _, mark, escape = best
    if best[0][1] < 2 and not escape and not delimiter:
        mark = _most_common(rest, whole, quote, comment) or mark
    blanks = re.search(rf"{re.escape(mark)} +{quote}", rest) is not None and mark != " "
    found = Marks(mark, quote, escape, comment, blanks, skipped, newline)
    return FoundMarks(found, records(rest, whole, mark, quote, escape, comment, blanks or mark == " "), above)


def _newline(text: str) -> str:
    """The way most lines end."""
    pairs = text.count("\r\n")
    counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
    return max(counts, key=lambda mark: counts[mark])


def _named_delimiter(text: str) -> tuple[str | None, str]:
    """The delimiter of a first line "sep=;", as Excel reads and writes it, and the text below that line."""
    found = _SEP.match(text)
    return (found["mark"], text[found.end() :]) if found else (None, text)


def _preamble(text: str, delimiter: str | None) -> tuple[int, str, str]:
    """Blank lines and comments above the table: how many, the mark of comments, and the text below them.

    A line "#id,name" with as many cells as the line below it is a header.
    """
    skipped, comment, at = 0, "", 0
    blank = " \t" if delimiter != "\t" else " "
    while at < len(text):
        end = _LINE_END.search(text, at)
        stop, below = (end.start(), end.end()) if end else (len(text), len(text))
        if text[at:stop].strip(blank):
            if text[at] != "#" or _is_header(text[at:stop], _next_line(text, below), delimiter):
                break
            comment = "#"
        elif not end:
            break
        skipped, at = skipped + 1, below
    return skipped, comment, text[at:]


def _is_header(line: str, below: str, delimiter: str | None) -> bool:
    if line[1:2] in ("", " ", "\t", "#") or below.startswith("#"):
        return False
    return any(
        line.count(mark) and line.count(mark) == below.count(mark)
        for mark in ([delimiter] if delimiter else DELIMITERS)
    )


def _next_line(text: str, at: int) -> str:
    """The first line from here on that is not blank. There may be as many comments as lines: nothing is copied."""
    there = _NOT_BLANK.search(text, at)
    if there is None:
        return ""
    begin = max(at, text.rfind("\n", at, there.start()) + 1, text.rfind("\r", at, there.start()) + 1)
    end = _LINE_END.search(text, there.start())
    return text[begin : end.start() if end else len(text)]


def _hash_is_data(text: str, delimiter: str | None) -> bool:
    """Whether lines that begin with "# " have as many cells as the first line has."""
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    lines = [line for line in re.split(r"[\r\n]+", text[:LOOKED_AT]) if line.startswith("# ")]
    marks = [mark for mark in ([delimiter] if delimiter else DELIMITERS) if mark in first]
    return not marks or any(all(line.count(mark) == first.count(mark) for line in lines) for mark in marks)


def _quote(text: str, delimiter: str | None) -> str:
    """An apostrophe where cells are between apostrophes and nothing is between double quotes; else a double quote."""
    if '"' in text or "'" not in text:
        return '"'
    between = f"[{re.escape(delimiter or ''.join(DELIMITERS))}\r\n]"
    cells = re.findall(rf"(?:^|(?<={between}))'(?:[^'\r\n]|'')*'(?=$|{between})", text)
    opened = re.findall(rf"(?:^|(?<={between}))'", text)
    return "'" if len(cells) >= 2 and len(cells) == len(opened) else '"'


def _score(text: str, whole: bool, mark: str, quote: str, escape: str, comment: str) -> tuple[float, int, int]:
    """How well a delimiter and an escape explain the text; the width of the first record is the second part."""
    found, broken = read(text, whole, mark, quote, escape, comment, False)
    width = len(found[0]) if found else 0
    if width < 2:
        return 0.0, 1, -len(escape)
    return sum(len(record) == width for record in found) / (len(found) + broken), width, -len(escape)


def _by_blanks(text: str, whole: bool, quote: str, comment: str) -> list[list[str]]:
    """The records between blanks, when each has as many cells, the first perhaps one less (R's write.table names the
    rows), and some column holds numbers; else none."""
    found = records(text, whole, " ", quote, "", comment, True)
    if len(found) < 2 or len(found[1]) < 2 or any(len(record) != len(found[1]) for record in found[1:]):
        return []
    if len(found[0]) not in (len(found[1]), len(found[1]) - 1):
        return []
    return found if any(map(_are_numbers, zip(*found[1:], strict=True))) else []


def _are_numbers(column: Sequence[str]) -> bool:
    """Whether a column holds numbers and words for a missing one alone."""
    return any(map(is_number, column)) and all(is_number(cell) or cell in MISSING_WORDS for cell in column)


def _most_common(text: str, whole: bool, quote: str, comment: str) -> str:
    """The delimiter that cuts most records below a title alike."""
    for mark in DELIMITERS:
        widths = [len(record) for record in records(text, whole, mark, quote, "", comment, False)][1:]
        if len(widths) > 1 and min(widths) > 1 and widths.count(widths[0]) >= 0.9 * len(widths):
            return mark
    return ""
