"""What a refusal offers, done to the file as a person would do it: by the words of the message alone."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

QUERY = re.compile(r"\?((?:null_values|types|header|encoding)=.*?)(?: if | for |\)?$)")


def mended(detail: str, data: bytes, lines: Collection[int] = ()) -> tuple[bytes, dict[str, Any]]:
    """The file and the options of its next upload; `lines` are the physical ones that begin rejected rows.

    Raises ValueError for a message that offers nothing.
    """
    if found := QUERY.search(detail):
        return data, {name: json.loads(value) for name, value in parse_qsl(found[1])}
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=_delimiter(detail)))
    rows = [row for row in rows if row]
    most = Counter(map(len, rows)).most_common(1)[0][0]
    if "remove the lines above the header" in detail:
        first = next(place for place, row in enumerate(rows) if len(row) == most)
        return _written(rows[first:], detail), {}
    if "end each row with the delimiter" in detail:
        said = re.search(r"there are (\d+) columns", detail)
        width = int(said[1]) if said else len(rows[0])
        return _written([row + [""] * (width - len(row)) for row in rows], detail), {}
    if "give each column a name" in detail or "give each further column a name" in detail:
        widest = max(map(len, rows))
        names = rows[0] + [f"more_{number}" for number in range(len(rows[0]), widest)]
        return _written([names, *rows[1:]], detail), {}
    if "fix or remove these rows" in detail:
        kept = [line for number, line in enumerate(data.splitlines(keepends=True), 1) if number not in lines]
        return b"".join(kept), {}
    if "add rows" in detail:
        return data.rstrip() + b"\n" + b",".join(b"1" for _ in rows[0]) + b"\n", {}
    raise ValueError(f"no mend is offered: {detail}")


def _delimiter(detail: str) -> str:
    found = re.search(r"delimiter \((\S+)\)|(\S+) was taken as the delimiter|hold a ('.')", detail)
    shown = next(filter(None, found.groups()), "','") if found else "','"
    return {"tab": "\t", "space": " "}.get(shown, shown.strip("'"))


def _written(rows: list[list[str]], detail: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=_delimiter(detail), lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
