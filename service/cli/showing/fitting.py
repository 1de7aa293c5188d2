"""Pages that fit their window without breaking a word or a number: what is too wide is told otherwise, never cut.

A sheet that is too wide wraps its cells between words, then leaves out the columns that are named as spare (and says
so), then tells each row as a few lines. A word that is longer than the window stands on a line of its own, whole, so
that it can be copied.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from service.visible import visible

GAP = 2  # blanks between columns
UNLIMITED = 10_000  # columns of a page that no window limits
MOST_NAMED = 5
SheetCell = str | Text
_WORD = re.compile(r" *[^ ]+ *")  # other blanks, as that between a number and its unit, hold together


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of a text, broken between words where they are wider than `width` cells."""
    lines = []
    for line in text.split("\n", allow_blank=True):
        breaks, used = [], 0
        for word in _WORD.finditer(line.plain):
            if used and used + cell_len(word.group().rstrip(" ")) > width:
                breaks.append(word.start())
                used = 0
            used += cell_len(word.group())
        for piece in line.divide(breaks):
            piece.rstrip()
            lines.append(piece)
    return lines


@dataclass(frozen=True, slots=True)
class SheetWords:
    """A text whose words stay whole."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in wrapped(self.text, options.max_width):
            yield from line.render(console)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.text)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under headings. `numbers` are the headings of columns that stand to the right, `spare` of those that may be
    left out, the first one first."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Text]]
    numbers: Sequence[str] = ()
    spare: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(options.max_width, getattr(console, "sheet_width", 0))
        left_out: list[str] = []
        for spared in (None, *self.spare):
            left_out += [spared] if spared in self.headings and spared is not None else []
            kept = [index for index, heading in enumerate(self.headings) if heading not in left_out]
            if (widths := self._widths(kept, width)) is not None:
                yield from self._drawn(console, kept, widths)
                if left_out:
                    yield SheetWords(Text(f"columns left out: {_few(left_out)}; --wide shows all", "dim"))
                return
        yield from self._told_row_by_row(console, width)

    def _widths(self, kept: Sequence[int], width: int) -> list[int] | None:
        """Widths at which these columns fit; None if words would have to be broken."""
        cells = [[Text(self.headings[index]), *(row[index] for row in self.rows)] for index in kept]
        widths = [max(cell.cell_len for cell in column) for column in cells]
        least = [
            max(cell.cell_len if self._is_number(index) and row > 0 else _longest_word(cell) for row, cell in column)
            for index, column in zip(kept, map(enumerate, cells), strict=True)
        ]
        room = width - GAP * (len(kept) - 1)
        while sum(widths) > room:
            widest = max(range(len(widths)), key=lambda at: widths[at] - least[at] and widths[at])
            if widths[widest] <= least[widest]:
                return None
            widths[widest] -= 1
        return widths

    def _is_number(self, index: int) -> bool:
        return self.headings[index] in self.numbers

    def _drawn(self, console: Console, kept: Sequence[int], widths: Sequence[int]) -> RenderResult:
        yield Segment.line()
        yield from self._line(console, kept, widths, [Text(self.headings[index], "bold") for index in kept])
        yield Segment("─" * (sum(widths) + GAP * (len(widths) - 1)))
        yield Segment.line()
        for row in self.rows:
            yield from self._line(console, kept, widths, [row[index] for index in kept])
        yield Segment.line()

    def _line(
        self, console: Console, kept: Sequence[int], widths: Sequence[int], cells: Sequence[Text]
    ) -> Iterable[Segment]:
        blocks = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for at in range(max(map(len, blocks))):
            line = Text()
            for index, width, block in zip(kept, widths, blocks, strict=True):
                piece = block[at] if at < len(block) else Text()
                fill = " " * (width - piece.cell_len)
                line = line.append_text(Text.assemble(*((fill, piece) if self._is_number(index) else (piece, fill))))
                line.append(" " * GAP)
            line.rstrip()
            yield from line.render(console)
            yield Segment.line()

    def _told_row_by_row(self, console: Console, width: int) -> RenderResult:
        for row in self.rows:
            yield Segment.line()
            yield from Pairs(tuple(zip(self.headings, row, strict=True))).lines(console, width)
        yield Segment.line()


@dataclass(frozen=True, slots=True)
class Pairs:
    """A name and a value on each line; a value that is too long for its column begins on the next line."""

    pairs: Sequence[tuple[str, Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(console, options.max_width)

    def lines(self, console: Console, width: int) -> Iterable[Segment]:
        column = max((cell_len(name) for name, _ in self.pairs), default=0) + GAP
        for name, value in self.pairs:
            head = Text(name.ljust(column), "bold")
            block = wrapped(value, max(width - column, 1))
            if _longest_word(value) > width - column:  # it has the whole width then
                block, head = [Text(name, "bold"), *wrapped(value, width)], Text()
            for at, piece in enumerate(block):
                under = Text(" " * column) if head else Text()
                line = Text.assemble(head if at == 0 else under, piece)
                line.rstrip()
                yield from line.render(console)
                yield Segment.line()


def window(is_terminal: bool) -> int | None:
    """How many columns there are: those of the terminal, or those that COLUMNS says; None for no limit."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return shutil.get_terminal_size().columns if is_terminal else None


def folded(text: str, is_terminal: bool) -> str:
    """The text with its lines broken between words, where a window limits them."""
    columns = window(is_terminal)
    return text if columns is None else "\n".join(line.plain for line in wrapped(Text(text), columns))


def text_of(cell: SheetCell) -> Text:
    """A cell with its escapes written out before its width is measured; nothing in it is markup."""
    text = cell if isinstance(cell, Text) else Text(str(cell))
    shown = visible(text.plain).expandtabs(4)
    return text if shown == text.plain else Text(shown, style=text.style)


def _few(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _longest_word(text: Text) -> int:
    return max((cell_len(word) for word in re.split(r"[ \n]", text.plain)), default=0)
