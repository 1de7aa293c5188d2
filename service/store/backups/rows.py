"""The database's rows as data, in no engine's own form: lines of JSON, compressed. Whatever database they came from,
they are put into any other.

A table begins with a line `{"table": "jobs", "columns": ["id", …]}`; a line that is a list is one of its rows. Tables
stand in an order in which no row refers to a later one.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any

import zstandard
from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, select
from sqlalchemy.orm import Session

from service.store.blobs.spool import BlobWriter
from service.store.tables import Row

AT_ONCE = 500  # rows

StoredCell = Any
Changed = Callable[[str, dict[str, StoredCell]], dict[str, StoredCell]]


def write_rows(session: Session, into: BlobWriter, changed: Changed = lambda table, row: row) -> dict[str, int]:
    """All rows that the session sees, each as `changed` leaves it; how many each table has."""
    counts = {}
    compressor = zstandard.ZstdCompressor(level=6, write_checksum=True)
    with compressor.stream_writer(into, closefd=False) as packed:  # type: ignore[arg-type]  # it only writes
        for table in Row.metadata.sorted_tables:
            names = [column.name for column in table.columns]
            packed.write(_line({"table": table.name, "columns": names}))
            found = session.connection().execute(select(table).execution_options(yield_per=AT_ONCE))
            counts[table.name] = 0
            for row in found.mappings():
                values = changed(table.name, dict(row))
                packed.write(_line([_as_json(values[name]) for name in names]))
                counts[table.name] += 1
    return counts


def read_rows(source: IO[bytes]) -> Iterator[tuple[str, list[str], Iterator[list[StoredCell]]]]:
    """Each table's name, its columns and its rows, which are to be read before the next table."""
    with zstandard.ZstdDecompressor().stream_reader(source) as unpacked:
        lines: Iterator[Any] = map(json.loads, io.TextIOWrapper(unpacked, "utf-8", newline="\n"))
        head = next(lines, None)
        while head is not None:
            following: list[Any] = []
            yield head["table"], head["columns"], _rows_of(lines, following)
            head = following[0] if following else None


def insert_rows(connection: Connection, source: IO[bytes]) -> dict[str, int]:
    """Put rows into the tables as the database has them, whatever this version's code has; how many each has now."""
    metadata = MetaData()
    metadata.reflect(connection)
    counts = {}
    for name, columns, rows in read_rows(source):
        table, counts[name] = metadata.tables[name], 0
        readers = _readers(table, columns)
        values = ({one: readers[one](cell) for one, cell in zip(columns, row, strict=True)} for row in rows)
        while some := list(islice(values, AT_ONCE)):
            connection.execute(table.insert(), some)
            counts[name] += len(some)
    return counts


def _rows_of(lines: Iterator[Any], following: list[Any]) -> Iterator[list[StoredCell]]:
    for line in lines:
        if isinstance(line, dict):
            following.append(line)
            return
        yield line


def _readers(table: Table, columns: Iterable[str]) -> Mapping[str, Callable[[StoredCell], StoredCell]]:
    """How a cell of each column becomes what the database takes."""
    readers: dict[str, Callable[[StoredCell], StoredCell]] = {}
    for name in columns:
        column = table.columns[name]
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)  # what is absent is SQL's null, as in `service.store.tables`
        kinds = ((DateTime, _moment), (LargeBinary, _bytes))
        readers[name] = next((read for kind, read in kinds if isinstance(column.type, kind)), lambda cell: cell)
    return readers


def _as_json(cell: StoredCell) -> StoredCell:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat()
    return base64.b64encode(cell).decode() if isinstance(cell, bytes) else cell


def _moment(cell: str | None) -> datetime | None:
    return None if cell is None else datetime.fromisoformat(cell)


def _bytes(cell: str | None) -> bytes | None:
    return None if cell is None else base64.b64decode(cell)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
