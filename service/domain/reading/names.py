"""The names of a table's columns: those of a CSV's header, mended as pandas does, and those of a Parquet file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.domain.reading.encodings import BAD
from service.domain.reading.refusals import DialectInvalid

MAX_NAME = 1000
INDEX = "index"
WRITTEN_INDEX = re.compile(r"Unnamed: 0(?:\.[0-9]+)*")
"""What pandas calls an index that was written without a name and read as a column; it is written so the next time."""
DATA_INSTEAD = "if the first line is data, upload with ?header=false"


@dataclass(slots=True)
class Names:
    """The columns' names in order; `index` is the place of a first column that names rows, None where none does;
    `notes` by name."""

    names: tuple[str, ...]
    index: int | None = None
    notes: dict[str, list[str]] = field(default_factory=dict)


def of_header(header: Sequence[str]) -> Names:
    """A name for every column: blanks around those of the header removed, one for each without (the first is then
    `index`), and ".1" and so on after one that is there already, capitals or not."""
    given = [name.strip() for name in header]
    made: list[str] = ["" for _ in given]
    taken = dict.fromkeys((_key(name) for name in given if name), 1)
    seen: set[str] = set()
    notes: dict[str, list[str]] = {}
    for position, name in enumerate(given):
        if name and _key(name) in seen:
            made[position] = _free(name, taken)
            notes[made[position]] = [
                f"column {position + 1} repeats the name {name!r} (names ignore case): it is called "
                f"{made[position]!r} here"
            ]
        elif name:
            made[position] = name
        seen.add(_key(made[position]))
    for position, name in enumerate(given):
        if not name:
            usual = INDEX if position == 0 else f"column_{position + 1}"
            made[position] = usual if _key(usual) not in taken else _free(usual, taken)
            taken[_key(made[position])] = 1
            notes[made[position]] = [
                f"column {position + 1} has no name in the file: it is called {made[position]!r} here"
            ]
    is_index = bool(given) and (not given[0] or WRITTEN_INDEX.fullmatch(given[0]) is not None)
    return Names(tuple(made), 0 if is_index else None, notes)


def check_header(names: Sequence[str]) -> None:
    """Raises DialectInvalid for a name that no column can have."""
    for position, name in enumerate(names):
        if "\0" in name or BAD.search(name):
            raise DialectInvalid(
                "not_text", f"the name of column {position + 1} contains NUL or bytes that are not text; rename it"
            )
        if len(name) > MAX_NAME:
            raise DialectInvalid(
                "column_name_too_long",
                f"the name of column {position + 1} has {len(name):,} characters; at most {MAX_NAME:,} are allowed "
                f"({DATA_INSTEAD})",
            )


def check_names(names: Sequence[str]) -> None:
    """Check the column names that a file gives. Raises DialectInvalid for an empty, repeated or impossible one."""
    stripped = [name.strip() for name in names]
    empty = [str(position + 1) for position, name in enumerate(stripped) if not name]
    if empty:
        shown = ", ".join(empty[:10]) + (", …" if len(empty) > 10 else "")
        raise DialectInvalid("empty_column_name", f"column {shown} has no name; name every column")
    check_header(stripped)
    seen: dict[str, int] = {}
    for position, name in enumerate(stripped):
        if (key := _key(name)) in seen:
            other = stripped[seen[key]]
            named = f"both named {name!r}" if other == name else f"named {other!r} and {name!r}: capitals alone differ"
            raise DialectInvalid(
                "duplicate_column_name",
                f"columns {seen[key] + 1} and {position + 1} are {named}; give each its own name",
            )
        seen[key] = position


def _key(name: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _free(name: str, taken: dict[str, int]) -> str:
    """The name with the least number that nobody has; `taken` remembers by key how far others have counted."""
    key = _key(name)
    number = taken.get(key, 1)
    while f"{key}.{number}" in taken:
        number += 1
    taken[key] = number + 1
    taken[f"{key}.{number}"] = 1
    return f"{name}.{number}"
