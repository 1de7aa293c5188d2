"""Rows in any of the shapes that Python people hold them in, as the body of a prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from service.client import frames
from service.client.connection import Call
from service.client.errors import Invalid
from service.client.uploads import GivenFile, opened, query_of

GivenRows = (
    Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]] | Mapping[str, Sequence[Any]] | str | Path | bytes | Any
)


@dataclass(frozen=True, slots=True)
class SentRows:
    """What to send: JSON, or a file with the headers that describe it."""

    json: Any = None
    content: BinaryIO | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def prediction(ref: str, body: SentRows, accept: str, options: Mapping[str, Any] | None = None) -> Call:
    """The request that predicts, with the query's options. Sending it twice is no harm."""
    params = query_of(options or {})
    path = f"/v1/models/{quote(ref, safe='@:')}/predict"
    headers = {**body.headers, "Accept": accept}
    return Call("POST", path, params, json=body.json, content=body.content, headers=headers, repeatable=True)


BROKEN = b"the answer breaks off"
LAST_BYTES = 4096  # of an answer, where it would say that it breaks off


def unbroken(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks of an answer that is made while its rows are read. Raises Invalid where it ends with what is wrong."""
    last = b""
    for chunk in chunks:
        yield chunk
        last = (last + chunk)[-LAST_BYTES:]
    *_, problem, end = b"\n", *last.splitlines()[-2:]
    broken = problem if end.startswith(b'{"' + BROKEN) else end if end.startswith(b'"' + BROKEN) else b""
    if broken:
        raise Invalid(422, "rows_invalid", "The answer breaks off", broken.decode("utf-8", "replace").lstrip('"'))


@contextmanager
def body_of(rows: GivenRows) -> Iterator[SentRows]:
    """The body for rows: dicts, lists in feature order, columns, a DataFrame, or a CSV (path, text, bytes, file).

    None, NaN and NaT are missing cells; dates and times are sent as ISO 8601. Raises TypeError for anything else,
    OSError for a file that cannot be read.
    """
    if isinstance(rows, str) and "\n" in rows:
        rows = rows.encode()
    if isinstance(rows, str | Path | bytes) or callable(getattr(rows, "read", None)):
        with opened(cast(GivenFile, rows), None) as file:
            yield SentRows(content=file.content, headers=file.headers)
    else:
        yield SentRows(json=_json_of(rows))


def _json_of(rows: Any) -> dict[str, Any]:
    if callable(getattr(rows, "notna", None)):  # a pandas DataFrame: every kind of missing cell becomes None
        rows = rows.astype(object).where(rows.notna(), None).to_dict(orient="list")
    elif frames.is_frame(rows):
        rows = frames.columns_of(rows)
    if isinstance(rows, Mapping):
        return {"columns": {name: _column(name, cells) for name, cells in rows.items()}}
    if hasattr(rows, "tolist"):  # a numpy array
        rows = rows.tolist()
    if not isinstance(rows, Sequence):
        raise TypeError(
            f"rows cannot be a {type(rows).__name__}: give a list of dicts, a dict of lists, a DataFrame or a CSV file"
        )
    if all(isinstance(row, Mapping) for row in rows):
        return {"records": [{name: _cell(cell) for name, cell in row.items()} for row in rows]}
    if all(isinstance(row, Sequence) and not isinstance(row, str | bytes) for row in rows):
        return {"instances": [[_cell(cell) for cell in row] for row in rows]}
    raise TypeError("a list of rows holds either only dicts or only lists")


def _column(name: str, cells: Any) -> list[Any]:
    if isinstance(cells, str | bytes) or not hasattr(cells, "__iter__"):
        raise TypeError(f"column {name!r} is not a list of cells; pass a single row as a list with one dict")
    return [_cell(cell) for cell in cells]


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, float | Decimal):
        return None if cell != cell else float(cell)
    if hasattr(cell, "isoformat"):
        return None if cell != cell else cell.isoformat()
    return _cell(cell.item()) if hasattr(cell, "item") else cell
