"""The header of a CSV and the shape of its rows: names, an index, row names, cells beyond them, and rows cut short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from service.domain.cells.written import MISSING_WORDS, is_number
from service.domain.reading import names as naming
from service.domain.reading.columns_seen import are_distinct, are_whole, is_a_row, numeric_columns
from service.domain.reading.refusals import DialectInvalid
from service.domain.reading.units import are_units

MOSTLY = 0.9
SHORT_OFTEN, SHORT_FEWEST = 0.05, 2  # so many rows that end early are a way of writing; fewer are damaged
MOST_SHOWN = 40  # letters of a cell in a note
ONLY_IF = 'if it counts something, declare it with ?types={{"{name}":"numeric"}}'


@dataclass(slots=True)
class Shape:
    """How the first records are a table; what the fields mean is said at `service.domain.reading.dialect.Dialect`.

    `rows` are the records below the header as they are. `assumed` are kinds of columns that nobody declared, `notes`
    what to tell, by column.
    """

    names: tuple[str, ...]
    rows: list[list[str]]
    header: bool = True
    header_lines: int = 1
    row_names: bool = False
    cells_beyond: int = 0
    short_rows: bool = False
    assumed: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, column: str, sentence: str) -> None:
        self.notes.setdefault(column, []).append(sentence)


def of_records(
    records: list[list[str]],
    declared: bool | None,
    delimiter: str,
    for_table: bool,
    lines_expected: int = 1,
    kinds: Collection[str] = (),
) -> Shape:
    """The shape by a file's first records, of which there is one at least; `declared` says whether the first is a
    header. Rows that are no new table (`for_table`) have one unless it is declared that they have none, and
    `lines_expected` says how many lines that of the table had. `kinds` are the columns whose kind is declared.

    Raises DialectInvalid where header and rows do not fit together.
    """
    first, below = records[0], records[1:]
    header = declared if declared is not None else not (for_table and is_a_row(first, below))
    row_names = header and _are_named(first, below)
    width = _named(first, below if header else records)
    made = naming.of_header([""] * row_names + list(first[:width]))
    if not header:
        made = naming.Names(tuple(f"column_{number + 1}" for number in range(width)))
    elif for_table:
        naming.check_header(made.names)
    shape = Shape(made.names, below if header else records, header, row_names=row_names, notes=made.notes)
    shape.cells_beyond = 0 if row_names else _beyond(first, width, below)
    _settle_widths(shape, len(first), delimiter)
    if row_names:
        shape.notes[made.names[0]] = ["the rows begin with a name that the header does not count"]
    if header:
        _settle_lines(shape, first, lines_expected)
        _settle_index(shape, made.index, kinds)
    if declared is None and for_table:
        _tell_choice(shape, first, below)
    return shape


def fitted(cells: list[str], width: int, cells_beyond: int, short_rows: bool) -> list[str]:
    """A record as its table has it: without the empty cells beyond it, and with those that a short row leaves out."""
    if width < len(cells) <= width + cells_beyond and not "".join(cells[width:]).strip():
        return cells[:width]
    if short_rows and 1 < len(cells) < width:
        return cells + [""] * (width - len(cells))
    return cells


def _named(first: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many columns there are, without those at the end that have no name and no cell."""
    width = len(first)
    while width > 1 and not first[width - 1].strip() and all(_is_blank(row[width - 1 : width]) for row in rows):
        width -= 1
    return width


def _beyond(first: Sequence[str], width: int, below: Sequence[Sequence[str]]) -> int:
    """How many empty cells there are at most beyond the table: lines that end with a delimiter, or several."""
    longer = [row for row in below if len(row) > width]
    if (len(first) == width and 2 * len(longer) <= len(below)) or not all(_is_blank(row[width:]) for row in longer):
        return 0
    return max(len(row) for row in [first, *longer]) - width


def _are_named(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether each row begins with a name of its own, as R's write.table has them: the header is a cell short."""
    width = len(first) + 1
    rows = [row for row in below if len(row) == width]
    if not rows or len(rows) < MOSTLY * len(below) or any(len(row) == len(first) for row in below):
        return False
    if any(is_number(name) or not name.strip() for name in first) or all(_is_blank(row[-1:]) for row in rows):
        return False
    # a title above a table of words is no name of its one column
    return are_distinct(rows, 0) and (len(first) > 1 or 1 in numeric_columns(rows, width))


def _settle_widths(shape: Shape, first: int, delimiter: str) -> None:
    """Fit the rows; a title above the header, or a header that is short of a name, would make every row a bad one."""
    width = len(shape.names)
    rows = [fitted(row, width, shape.cells_beyond, False) for row in shape.rows]
    widths = Counter(map(len, rows))
    shape.short_rows = _are_cut_short(rows, width)
    if shape.short_rows:
        short = [len(row) for row in rows if 1 < len(row) < width]
        for name in shape.names[min(short) :]:
            shape.note(
                name, f"{len(short):,} of the first {len(rows):,} rows end before their last column: what they lack is "
                "missing",
            )  # fmt: skip
    shape.rows = [fitted(row, width, shape.cells_beyond, shape.short_rows) for row in rows]
    most = max(widths, key=lambda cells: widths[cells], default=width)
    if shape.short_rows or len(rows) < 2 or most == width or widths[most] < MOSTLY * len(rows) or width in widths:
        return
    what = "header" if shape.header else "first line"
    if first == 1:
        hint = "remove the lines above the header, or begin them with #"
    elif most > width:
        hint = f"{delimiter} was found between cells: give each column a name"
    else:
        hint = f"end each row with the delimiter ({delimiter}) for each cell that it lacks"
    raise DialectInvalid("header_mismatch", f"the {what} has {first} cells, most rows have {most}; {hint}")


def _are_cut_short(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether rows that end early are a way of writing: many do, beside whole ones, and their cells stand under the
    right names as far as numbers tell."""
    short = [row for row in rows if 1 < len(row) < width]
    full = [row for row in rows if len(row) == width]
    few = SHORT_OFTEN * len(rows)
    if not full or len(short) < SHORT_FEWEST or len(short) <= few or len(rows) - len(full) - len(short) > few:
        return False
    numeric = numeric_columns(full, width)
    worded = {place for place in range(width) if not any(is_number(row[place]) for row in full)}
    cells = [(row[place].strip(), place) for row in short for place in numeric | worded if place < len(row)]
    right = sum(is_number(cell) == (place in numeric) or cell in MISSING_WORDS for cell, place in cells)
    return right >= MOSTLY * len(cells)


def _settle_lines(shape: Shape, first: Sequence[str], expected: int) -> None:
    """A second line of the header: units, or the second level of names, over numbers alone."""
    if len(shape.rows) < 3 and expected < 2:
        return
    second, rows = (shape.rows or [[]])[0], shape.rows[1:]
    numeric = numeric_columns(rows, len(shape.names)) - ({0} if shape.row_names else set())
    if len(second) != len(shape.names) or not are_units(second, numeric) or any(row == second for row in rows[1:]):
        return
    shape.header_lines, shape.rows = 2, rows
    given = [name.strip() for name in first]
    if len(set(filter(None, given))) < len(given) - given.count(""):
        joined = [" ".join(filter(None, (name, cell.strip()))) for name, cell in zip(given, second, strict=False)]
        made = naming.of_header(joined if not shape.row_names else ["", *joined])
        shape.names, shape.notes = made.names, made.notes
    for name, cell in zip(shape.names, second, strict=True):
        if cell.strip():
            shape.note(name, f"the line below the header says {cell.strip()[:MOST_SHOWN]!r}: it is no row")


def _tell_choice(shape: Shape, first: Sequence[str], below: Sequence[Sequence[str]]) -> None:
    """Whether the first line is a header, where that might be seen otherwise."""
    numeric = numeric_columns(below, len(first))
    numbers = [first[place].strip() for place in sorted(numeric) if place < len(first)]
    if not shape.header:
        shape.note(
            shape.names[0], "the first line is like those below it, so it is a row, and the columns are numbered: "
            "upload with ?header=true if it is a header",
        )  # fmt: skip
    elif numbers and all(map(is_number, numbers)):
        shape.note(
            shape.names[0], "the names of columns are numbers, as the cells below them are: upload with ?header=false "
            "if the first line is a row",
        )  # fmt: skip


def _settle_index(shape: Shape, index: int | None, kinds: Collection[str]) -> None:
    """Whole numbers without a name count the rows: they are no feature, unless the user says so."""
    if index is None or shape.names[index] in kinds or not are_whole(shape.rows, index):
        return
    name = shape.names[index]
    shape.assumed[name] = "text"
    shape.note(
        name,
        "its whole numbers are taken for the numbers of rows, so nothing is learnt from it; "
        + ONLY_IF.format(name=name),
    )


def _is_blank(cells: Sequence[str]) -> bool:
    return not "".join(cells).strip()
