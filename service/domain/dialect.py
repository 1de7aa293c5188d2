"""How a CSV is written: encoding, delimiter, quotes, header. Found once, on the first part of the file, and kept."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.domain import encodings, marks
from service.domain.encodings import BAD
from service.domain.marks import Marks
from service.domain.plain import plain

SAMPLE_BYTES = 256 * 1024
MAX_NAME = 1000
FEW_NULS = 0.001  # more of a text is binary data


class DialectInvalid(ValueError):
    """Text that cannot be read as a table. `code` is stable; `detail` says what is wrong and what mends it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SampleTooShort(DialectInvalid):
    """The first part of the file does not hold its first line: look at more of it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is needed to read the file, and to show the user how it was read.

    `escape` is "" where a quote inside quotes is doubled, else the mark that stands before it. `comment` is the
    mark of lines that are no rows. `blanks_before_quotes` says that blanks after a delimiter are not of the cell.
    `skipped_lines` stand above the header (or the first row).
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

    def to_json(self) -> dict[str, Any]:
        return plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Dialect | None:
        """The dialect that `to_json` wrote, whatever else is beside it; None for a table that was no text."""
        if not data or not {"encoding", "delimiter"} <= set(data):
            return None
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})

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
    """The dialect, the columns' names in order, and the first rows as they are written."""

    dialect: Dialect
    names: tuple[str, ...]
    rows: list[list[str]]


def find(sample: bytes, whole: bool, options: Mapping[str, Any], for_table: bool = True) -> Found:
    """The dialect of a file by its first bytes; what the user declared in `options` goes first.

    `whole` says that the sample is all of the file. Rows that are no new table (`for_table`) may be none, and have
    columns that lack a name of their own. Raises DialectInvalid, SampleTooShort when `sample` ends within its first
    line.
    """
    csv.field_size_limit(2**31 - 1)  # the process's own limit, 128 KiB, is less than a cell may have
    encoding = _encoding(sample, whole, options.get("encoding"))
    text = _decode(sample, whole, encoding)
    if not text.strip("\r\n \t\f\v\x1a\ufeff"):
        if not whole:
            raise SampleTooShort("empty_file", "the file begins with more blank lines than there may be above a table")
        raise DialectInvalid(
            "empty_file", "the file holds nothing but blank lines; upload a CSV with a header and rows"
        )
    _refuse_nuls(text)
    delimiter = {"tab": "\t", "space": " "}.get(options.get("delimiter") or "", options.get("delimiter"))
    found = marks.find(text, whole, delimiter)
    records = found.records
    if not records and whole:
        raise DialectInvalid("no_rows", "the file holds comments and no rows; upload a CSV with a header and rows")
    if not records:
        raise SampleTooShort("row_too_long", "the first line of the file is longer than a line may be")
    header = options["header"] if options.get("header") is not None else True
    _refuse_another_width(records, found.marks, bool(header))
    first = records[0]
    if not header:
        names = tuple(f"column_{number + 1}" for number in range(len(first)))
    else:
        names = names_of(first) if for_table else tuple(name.strip() for name in first)
    if header and len(records) == 1 and whole and for_table:
        raise DialectInvalid("no_rows", "the file has a header and no rows below it; add rows and upload it again")
    return Found(_dialect(encoding, bool(header), found.marks), names, records[1:] if header else records)


def _dialect(encoding: str, header: bool, found: Marks) -> Dialect:
    return Dialect(
        encoding=encoding,
        delimiter=found.delimiter,
        quote=found.quote,
        escape=found.escape,
        header=header,
        comment=found.comment,
        blanks_before_quotes=found.blanks_before_quotes,
        skipped_lines=found.skipped_lines,
        newline=found.newline,
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
            "not_text", "the file holds NUL bytes: it is not a CSV (a spreadsheet file? export it as CSV)"
        )


def not_text(encoding: str, line: int) -> str:
    """The sentence for bytes that the encoding does not have."""
    return (
        f"line {line} is not {encoding} text; say how the file is written with ?encoding=latin-1 (or windows-1252, "
        "utf-16), or export it as UTF-8"
    )


def _refuse_another_width(records: Sequence[Sequence[str]], found: Marks, header: bool) -> None:
    """A title above the header, or a header that is short of a name, would make every row a bad one."""
    widths = [len(record) for record in records[1:]]
    most = max(set(widths), key=widths.count) if widths else 0
    first = len(records[0])
    if len(widths) < 2 or most == first or widths.count(most) < 0.9 * len(widths) or first in widths:
        return
    what = "header" if header else "first line"
    if most == first + 1 and all(record[-1] == "" for record in records[1:] if len(record) == most):
        hint = "every row ends with a delimiter: end the header with a name for that column, or remove them"
    elif first == 1:
        hint = "remove the lines above the header, or begin them with #"
    else:
        hint = f"give each column a name; or say what stands between cells with ?delimiter= ({found.shown} was found)"
    raise DialectInvalid("header_mismatch", f"the {what} has {first} cells, most rows have {most}; {hint}")


def names_of(header: Sequence[str]) -> tuple[str, ...]:
    """The columns' names, blanks around them removed. Raises DialectInvalid for an empty or repeated one."""
    names = tuple(name.strip() for name in header)
    empty = [str(position + 1) for position, name in enumerate(names) if not name]
    if empty:
        shown = ", ".join(empty[:10]) + (", …" if len(empty) > 10 else "")
        raise DialectInvalid(
            "empty_column_name",
            f"column {shown} of the header has no name; name every column, or upload "
            "with ?header=false if the first line is data",
        )
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        if "\0" in name or BAD.search(name):
            raise DialectInvalid("not_text", f"the name of column {position + 1} has a NUL or bytes that are no text")
        if len(name) > MAX_NAME:
            raise DialectInvalid(
                "column_name_too_long",
                f"the name of column {position + 1} has {len(name):,} characters; at most {MAX_NAME:,} are allowed "
                "(is the first line data? then upload with ?header=false)",
            )
        key = "".join(letter.lower() if letter.isascii() else letter for letter in name)
        if key in seen:
            other = names[seen[key]]
            named = f"both named {name!r}" if other == name else f"named {other!r} and {name!r}: capitals alone differ"
            raise DialectInvalid(
                "duplicate_column_name",
                f"columns {seen[key] + 1} and {position + 1} are {named}; give each its own name",
            )
        seen[key] = position
    return names
