"""How a CSV is written: encoding, delimiter, quotes, header. Found once, on the first part of the file, and kept."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.domain.plain import plain
from service.domain.reading import encodings, marks
from service.domain.reading.encodings import BAD
from service.domain.reading.header import Shape, fitted, of_records
from service.domain.reading.marks import Marks
from service.domain.reading.refusals import DialectInvalid, SampleTooShort

SAMPLE_BYTES = 256 * 1024
FEW_NULS = 0.001  # more of a text is binary data


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is needed to read the file, and to show the user how it was read.

    `escape` is "" where a quote inside quotes is doubled, else the mark that stands before it. `comment` is the
    mark of lines that are no rows. `blanks_before_quotes` says that blanks after a delimiter are not of the cell.
    `skipped_lines` stand above the header (or the first row), which has `header_lines`. With `row_names` each row
    begins with a name for which the header has none. A row may have `cells_beyond` empty cells after its last, as lines
    that end with a delimiter do; with `short_rows` one that ends early lacks the cells that are missing.
    """

    encoding: str
    delimiter: str
    quote: str = '"'
    escape: str = ""
    header: bool = True
    comment: str = ""
    blanks_before_quotes: bool = False
    skipped_lines: int = 0
    newline: str = "\n"
    header_lines: int = 1
    row_names: bool = False
    cells_beyond: int = 0
    short_rows: bool = False

    def to_json(self) -> dict[str, Any]:
        return plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Dialect | None:
        """The dialect that `to_json` wrote, whatever else is beside it; None for a table that was no text."""
        if not data or not {"encoding", "delimiter"} <= set(data):
            return None
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})

    @property
    def is_even(self) -> bool:
        """Whether each row has a cell for each column below one line of names, as far as the dialect tells."""
        return not (self.header_lines != 1 or self.row_names or self.cells_beyond or self.short_rows)

    def fitted(self, cells: list[str], width: int) -> list[str]:
        """A record as its table of `width` columns has it; one that does not fit it stays as it is."""
        return cells if len(cells) == width else fitted(cells, width, self.cells_beyond, self.short_rows)

    @property
    def csv_options(self) -> dict[str, Any]:
        """For Python's csv.reader."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "escapechar": self.escape or None,
            "doublequote": True,
            "skipinitialspace": self.blanks_before_quotes or self.delimiter == " ",
            "strict": True,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """The dialect, the columns' names in order, and the first rows as they are written. `assumed` are the kinds of
    columns that nobody needs to declare, `notes` what a person should know of how the file was read, by column."""

    dialect: Dialect
    names: tuple[str, ...]
    rows: list[list[str]]
    assumed: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, list[str]] = field(default_factory=dict)


def find(
    sample: bytes, whole: bool, options: Mapping[str, Any], for_table: bool = True, like: Dialect | None = None
) -> Found:
    """The dialect of a file by its first bytes; what the user declared in `options` goes first.

    `whole` says that the sample is all of the file. Rows that are no new table (`for_table`) may be none, and are
    perhaps written `like` others. Raises DialectInvalid, SampleTooShort when `sample` ends within its first
    line.
    """
    csv.field_size_limit(2**31 - 1)  # the process's own limit, 128 KiB, is less than a cell may have
    encoding = _encoding(sample, whole, options.get("encoding"))
    text = _decode(sample, whole, encoding)
    if not text.strip("\r\n \t\f\v\x1a\ufeff"):
        if not whole:
            raise SampleTooShort("empty_file", "the file begins with too many blank lines")
        raise DialectInvalid("empty_file", "the file has only blank lines; upload a CSV with a header and rows")
    _refuse_nuls(text)
    delimiter = {"tab": "\t", "space": " "}.get(options.get("delimiter") or "", options.get("delimiter"))
    found = marks.find(text, whole, delimiter, options.get("header") is not False)
    records = found.records
    if not records and whole:
        raise DialectInvalid("no_rows", "the file has only comments; upload a CSV with a header and rows")
    if not records:
        raise SampleTooShort("row_too_long", "the first line of the file is too long")
    lines = like.header_lines if like else 1
    kinds = options.get("types") or {}
    shape = of_records(records, options.get("header"), found.marks.shown, for_table, lines, kinds)
    if found.titles:
        lines_left_out = f"{found.titles} lines" if found.titles > 1 else "one line"
        shape.note(shape.names[0], f"{lines_left_out} above the table's header are skipped")
    if shape.header and not shape.rows and whole and for_table:
        raise DialectInvalid("no_rows", "the file has a header but no rows; add rows and upload it again")
    return Found(_dialect(encoding, shape, found.marks), shape.names, shape.rows, shape.assumed, shape.notes)


def _dialect(encoding: str, shape: Shape, found: Marks) -> Dialect:
    return Dialect(
        encoding=encoding,
        delimiter=found.delimiter,
        quote=found.quote,
        escape=found.escape,
        header=shape.header,
        comment=found.comment,
        blanks_before_quotes=found.blanks_before_quotes,
        skipped_lines=found.skipped_lines,
        newline=found.newline,
        header_lines=shape.header_lines,
        row_names=shape.row_names,
        cells_beyond=shape.cells_beyond,
        short_rows=shape.short_rows,
    )


def _encoding(sample: bytes, whole: bool, declared: str | None) -> str:
    if not declared:
        return encodings.detect(sample, whole)
    try:
        return encodings.canonical(declared)
    except encodings.EncodingUnknown as error:
        raise DialectInvalid("encoding_unknown", str(error)) from None


def _decode(sample: bytes, whole: bool, encoding: str) -> str:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        text = decoder.decode(sample, final=whole)
    except (UnicodeError, ValueError) as error:
        at = getattr(error, "start", 0)
        line = sample[: at if isinstance(at, int) else 0].count(b"\n") + 1
        raise DialectInvalid("not_text", not_text(encoding, line)) from None
    text = text.removeprefix("\ufeff")
    bad = BAD.search(text.lstrip("\r\n ").split("\n", 1)[0])
    if bad:
        raise DialectInvalid("not_text", not_text(encoding, 1))
    return text


def _refuse_nuls(text: str) -> None:
    nuls = text.count("\0")
    if nuls and (nuls > FEW_NULS * len(text) + 1 or "\0" in text.lstrip("\r\n").split("\n", 1)[0]):
        raise DialectInvalid(
            "not_text", "the file holds NUL bytes: it is not a CSV (for a spreadsheet, export it as CSV)"
        )


def not_text(encoding: str, line: int) -> str:
    """The sentence for bytes that the encoding does not have."""
    return (
        f"line {line} is not {encoding} text; give its encoding with ?encoding=latin-1 (or windows-1252, utf-16), or "
        "export it as UTF-8"
    )
