"""What brings rejected rows in: options of the upload that were tried on the file, or what is to be changed in it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.domain.cells.written import MISSING_WORDS, is_number
from service.domain.preflight.rejected import TELL_SHARE
from service.domain.reading.dialect import Dialect
from service.errors import WorkFailed
from workers.ingest.readers.rejects import Reject

MOST_WORDS = 8
MOST_COLUMNS = 20
MOST_LETTERS = 16 * 1024 * 1024
Options = Mapping[str, Any]
Try = Callable[[Options], tuple[int, int]]
"""Reads the file with other options: how many rows are read and how many rejected. Raises WorkFailed."""


@dataclass(frozen=True, slots=True)
class Mend:
    """What helps, to be read after "to mend it, "; `options` are those of an upload, none where the file is to be
    changed."""

    sentence: str
    options: Options = field(default_factory=dict)


def mend(
    rejects: Sequence[Reject],
    source: Path,
    names: Sequence[str],
    dialect: Dialect | None,
    options: Options,
    attempt: Try,
) -> Mend:
    """The first options with which the file `source` is read almost whole, else a change of it."""
    if dialect is not None:
        for more in _options(rejects, source, names, dialect, options):
            try:
                rows, rejected = attempt({**options, **more})
            except WorkFailed:
                continue
            if rejected <= TELL_SHARE * (rows + rejected):
                return Mend(f"upload the file with {_query(more)}", more)
    return Mend(_by_hand(rejects, names, dialect))


def _options(
    rejects: Sequence[Reject], source: Path, names: Sequence[str], dialect: Dialect, options: Options
) -> Iterator[dict[str, Any]]:
    """Words that are no values first; then the columns that hold them as text."""
    columns = Counter(one.column for one in rejects if one.column)
    if not columns:
        return
    words = Counter(word for one in rejects if one.column and (word := _cell(one, names, dialect)))
    words = Counter({word: count for word, count in words.items() if not is_number(word)})
    if 0 < len(words) <= MOST_WORDS:
        usual = options.get("null_values")
        yield {"null_values": [*words, *(_missing_words(source, dialect) if usual is None else usual)]}
    if len(columns) <= MOST_COLUMNS:
        yield {"types": {**(options.get("types") or {}), **dict.fromkeys(columns, "text")}}


def _missing_words(source: Path, dialect: Dialect) -> list[str]:
    """The usual words for a missing cell that are in the file: those that are declared stand in their place."""
    with source.open(encoding=dialect.encoding, errors="replace", newline="") as file:
        text = file.read(MOST_LETTERS)
        whole = not file.read(1)
    return [word for word in MISSING_WORDS if word and (not whole or word in text)]


def _cell(reject: Reject, names: Sequence[str], dialect: Dialect) -> str:
    """The cell that does not fit, as it stands in the row."""
    try:
        cells = next(csv.reader(reject.raw.splitlines(keepends=True), **dialect.csv_options))
    except (csv.Error, StopIteration):
        return ""
    cells = dialect.fitted(cells, len(names))
    place = names.index(reject.column)
    return cells[place].strip() if place < len(cells) else ""


def _query(options: Options) -> str:
    return "?" + "&".join(
        f"{name}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for name, value in options.items()
    )


def _by_hand(rejects: Sequence[Reject], names: Sequence[str], dialect: Dialect | None) -> str:
    """By what is wrong with most of the rows."""
    uneven = [one for one in rejects if not one.column and "columns" in one.reason]
    if dialect is None or 2 * len(uneven) < len(rejects):
        return "fix or remove these rows, and upload the file again"
    mark = {"\t": "tab", " ": "space"}.get(dialect.delimiter, repr(dialect.delimiter))
    widths = Counter(_width(one, dialect) for one in uneven)
    if widths.total() and 2 * sum(count for width, count in widths.items() if width < len(names)) >= widths.total():
        return f"end each row with the delimiter ({mark}) for each cell that it lacks"
    return f"put cells that hold a {mark} in quotes, or give each further column a name in the header"


def _width(reject: Reject, dialect: Dialect) -> int:
    try:
        return len(next(csv.reader(reject.raw.splitlines(keepends=True), **dialect.csv_options), []))
    except csv.Error:
        return 0
