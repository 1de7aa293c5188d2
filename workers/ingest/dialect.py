"""How a CSV is written: encoding, delimiter, quotes, header. Found once, on the first part of the file, and kept."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from service.errors import WorkFailed

SAMPLE_BYTES = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DIFFERENT_COLUMNS = "the first row has {first} fields, most others {most}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is needed to read the file, and to show the user how it was read. Quotes are doubled inside quotes."""

    encoding: str
    delimiter: str
    quote: str
    header: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Found:
    """The dialect, the columns' names in order, and the first rows as they are written."""

    dialect: Dialect
    names: tuple[str, ...]
    rows: list[list[str]]


def find(sample: bytes, whole: bool, options: dict[str, Any]) -> Found:
    """The dialect of a file by its first bytes; what the user declared in `options` goes first.

    `whole` says that the sample is all of the file. Raises WorkFailed with what is wrong and what mends it.
    """
    encoding = options.get("encoding") or _encoding(sample, whole)
    text = _decode(sample, whole, encoding)
    if not text.strip():
        raise WorkFailed("empty_file", "the file holds nothing but blank lines; upload a CSV with a header and rows")
    delimiter = options.get("delimiter") or _delimiter(text, whole)
    records = _records(text, delimiter, whole)
    header = options["header"] if options.get("header") is not None else True
    names = _names(records[0]) if header else tuple(f"column_{number + 1}" for number in range(len(records[0])))
    if header and len(records) == 1 and whole:
        raise WorkFailed("no_rows", "the file has a header and no rows below it; add rows and upload it again")
    return Found(Dialect(encoding, delimiter, '"', header), names, records[1:] if header else records)


def _encoding(sample: bytes, whole: bool) -> str:
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    _decode(sample, whole, "utf-8")
    return "utf-8"


def _decode(sample: bytes, whole: bool, encoding: str) -> str:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise WorkFailed("encoding_unknown", f"{encoding!r} is no encoding; try utf-8, utf-16 or latin-1") from None
    try:
        text = decoder.decode(sample, final=whole)
    except UnicodeDecodeError as error:
        line = sample[: error.start].count(b"\n") + 1
        raise WorkFailed("not_text", not_text(encoding, line)) from None
    if "\x00" in text:
        raise WorkFailed("not_text", "the file holds NUL bytes: it is not a CSV (a spreadsheet file? export it as CSV)")
    return text.removeprefix("\ufeff")


def not_text(encoding: str, line: int) -> str:
    """The sentence for bytes that the encoding does not have."""
    return (
        f"line {line} is not {encoding} text; say how the file is written with ?encoding=latin-1 (or windows-1252, "
        "utf-16), or export it as UTF-8"
    )


def _records(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    """The sample's complete records, blank lines left out."""
    try:
        records = [record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record]
    except csv.Error as error:
        raise WorkFailed("not_csv", f"the file cannot be read as CSV: {error}") from None
    return records if whole or len(records) == 1 else records[:-1]


def _delimiter(text: str, whole: bool) -> str:
    """The delimiter under which most records have as many fields as the first one, more than one; else a comma."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            counts = [len(record) for record in _records(text, delimiter, whole)]
        except WorkFailed:
            continue
        if not counts or counts[0] < 2:
            continue
        score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _names(header: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in header)
    empty = [str(position + 1) for position, name in enumerate(names) if not name]
    if empty:
        raise WorkFailed(
            "empty_column_name",
            f"column {', '.join(empty)} of the header has no name; name every column, or upload "
            "with ?header=false if the first line is data",
        )
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        if name in seen:
            raise WorkFailed(
                "duplicate_column_name",
                f"columns {seen[name] + 1} and {position + 1} are both named {name!r}; give each its own name",
            )
        seen[name] = position
    return names
