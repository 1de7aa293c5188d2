"""The file of what is recorded: JSON, one line an entry, so that a diff says what has changed.

`make golden` writes it anew. That is done in the commit that changes what a run gives on purpose, and its message says
why; in a change of structure it never is. `make golden GOLDEN=words` takes over rewritten sentences alone, and fails
where anything else differs. On another kind of machine only `form` and `figures` can be held against the file; who
writes it there changes every line's `bits`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("golden.json")
TOLERANCE = 1e-3
"""Relative: float32 has 7 digits, and a sum in another order costs the last of them in every step."""
NEAR_ZERO = 1e-4
"""Absolute: for figures that are differences of larger ones."""

Entry = dict[str, Any]


def read() -> dict[str, Entry]:
    """The entries by their names; none where nothing has been recorded yet."""
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def write(entries: dict[str, Entry]) -> None:
    """The whole file, in the order of the names."""
    lines = [f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in sorted(entries.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def differences(recorded: Entry, found: Entry, same_machine: bool) -> list[str]:
    """What differs, a line each. On the machine of the record every part holds to the bit; elsewhere the form does, and
    the figures, but for rounding."""
    parts = ("form", "bits", "figures") if same_machine else ("form", "figures")
    return [
        f"{part}: {name}: recorded {recorded[part].get(name)}, found {found[part].get(name)}"
        for part in parts
        for name in sorted(recorded[part].keys() | found[part].keys())
        if not _same(recorded[part].get(name), found[part].get(name), part == "figures" and not same_machine)
    ]


def _same(recorded: Any, found: Any, rounded: bool) -> bool:
    if not rounded or recorded is None or found is None:
        return bool(recorded == found)
    return math.isclose(recorded, found, rel_tol=TOLERANCE, abs_tol=NEAR_ZERO)
