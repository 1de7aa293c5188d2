"""A file -> a typed Parquet: the fast reader where the file is plain, the careful one for all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from service.domain import encodings
from service.domain.columns import Kind
from service.domain.dialect import SAMPLE_BYTES, Dialect, DialectInvalid, Found, SampleTooShort, find
from service.domain.written import TextStyle
from service.errors import WorkFailed
from workers.ingest.careful import raw_of, read_carefully
from workers.ingest.duck import Connection, quoted
from workers.ingest.kinds import Decision, decide, declared_types
from workers.ingest.limits import Limits
from workers.ingest.plain import CHUNK, LONGEST_LINE, guess, is_plain, read_plain
from workers.ingest.records import too_long
from workers.ingest.rejects import Reject, refuse_too_many
from workers.ingest.typed import bad_cells, run, write_typed

MAX_SAMPLE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """The table at `path`, its columns' DuckDB types, the declared kinds, notes by column, and its rejects."""

    path: Path
    rows: int
    rejects: list[Reject]
    types: dict[str, str]
    declared: dict[str, Kind]
    notes: dict[str, list[str]]
    style: TextStyle
    dialect: Dialect | None = None

    def dialect_json(self) -> dict[str, Any]:
        """How the file was read, for the user and for prediction."""
        read = self.dialect.to_json() if self.dialect else {}
        return {**read, "text_style": self.style.to_json()}


def look(source: Path, options: Mapping[str, Any]) -> Found:
    """The dialect of a file, by as much of it as its first line needs. Raises WorkFailed."""
    size = SAMPLE_BYTES
    while True:
        with source.open("rb") as file:
            sample = file.read(size)
            whole = not file.read(1)
        try:
            return find(sample, whole, options)
        except SampleTooShort as error:
            if size >= MAX_SAMPLE:
                raise WorkFailed(error.code, error.detail) from None
            size *= 8
        except DialectInvalid as error:
            raise WorkFailed(error.code, error.detail) from None


def load(
    connection: Connection,
    directory: Path,
    source: Path,
    options: Mapping[str, Any],
    limits: Limits,
    check: Callable[[], None] = lambda: None,
    careful: bool = False,
) -> Loaded:
    """Read a CSV into `directory`. `check` is called from time to time; `careful` leaves the fast reader out.

    Raises WorkFailed with what is wrong and what mends it.
    """
    found = look(source, options)
    limits.check_columns(len(found.names))
    kinds, orders = declared_types(options.get("types") or {}, found.names)
    style = replace(TextStyle.declared(options.get("null_values"), options.get("decimal")), dates=orders)
    if not careful and is_plain(source, found.dialect, len(found.names)):
        check()
        if loaded := _load_plain(connection, directory, source, found, kinds, style, limits):
            return loaded
    check()
    found = _settle_encoding(source, found, options)
    raw = directory / "raw.parquet"
    rejects = read_carefully(source, raw, found.dialect, found.names, limits, check)
    stored = dict.fromkeys(found.names, "VARCHAR")
    decision = decide(connection, raw, stored, kinds, style, limits.rejected_rows)
    check()
    return finish(connection, directory, raw, stored, decision, kinds, limits, rejects, source, found)


def _load_plain(
    connection: Connection,
    directory: Path,
    source: Path,
    found: Found,
    kinds: dict[str, Kind],
    style: TextStyle,
    limits: Limits,
) -> Loaded | None:
    """The table by the fast reader; None when any row has a flaw."""
    path = directory / "plain.parquet"
    numbers = read_plain(connection, source, path, found, guess(found, style, kinds), style)
    if numbers is None:
        return None
    stored = {name: "DOUBLE" if name in numbers else "VARCHAR" for name in found.names}
    decision = decide(connection, path, stored, kinds, style, limits.rejected_rows)
    if decision.misfits:
        return None
    _check_cells(connection, path, stored, limits)
    return finish(connection, directory, path, stored, decision, kinds, limits, [], source, found)


def _check_cells(connection: Connection, path: Path, stored: Mapping[str, str], limits: Limits) -> None:
    if limits.cell_bytes >= LONGEST_LINE:  # no line that the fast reader takes is so long
        return
    for number, (name, type) in enumerate(stored.items(), 1):
        if type == "VARCHAR":
            column = '"' + name.replace('"', '""') + '"'
            longest = run(connection, f"SELECT max(strlen({column})) FROM {quoted(str(path))}")[0][0]
            if isinstance(longest, int) and longest > limits.cell_bytes:
                raise too_long(0, number, limits.cell_bytes)


def finish(
    connection: Connection,
    directory: Path,
    raw: Path,
    stored: Mapping[str, str],
    decision: Decision,
    kinds: dict[str, Kind],
    limits: Limits,
    rejects: list[Reject],
    source: Path,
    found: Found | None,
) -> Loaded:
    """Write the table as decided, unless it stands there as it is; find the raw text of the rows left out."""
    bad = list(decision.misfits)
    path = raw
    if raw.name != "plain.parquet" or decision.types != dict(stored):
        path = directory / "table.parquet"
        misfits = bad_cells(connection, raw, decision.types, decision.style, bad, limits.rejected_rows + 1)
        lines = {line for line, _, _ in misfits}
        texts = raw_of(source, found.dialect, len(stored), limits, lines) if lines and found else {}
        rejects = rejects + [Reject(line, column, reason, texts.get(line, "")) for line, column, reason in misfits]
        rejects.sort(key=lambda reject: reject.line)
        refuse_too_many(rejects, limits.rejected_rows)
        write_typed(connection, raw, path, stored, decision.types, decision.style, bad)
    rows = int(str(run(connection, f"SELECT count(*) FROM {quoted(str(path))}")[0][0]))
    limits.check_rows(rows)
    if rows == 0:
        why = f": {rejects[0].sentence}" if rejects else ""
        raise WorkFailed("no_rows", f"no row of the file can be read{why}")
    dialect = found.dialect if found else None
    return Loaded(path, rows, rejects, decision.types, kinds, decision.notes, decision.style, dialect)


def _settle_encoding(source: Path, found: Found, options: Mapping[str, Any]) -> Found:
    """The encoding by all of the file, where its first part alone said UTF-8 or windows-1252."""
    if options.get("encoding") or found.dialect.encoding not in ("utf-8", encodings.FALLBACK):
        return found
    with source.open("rb") as file:
        encoding = encodings.of_chunks(iter(lambda: file.read(CHUNK), b""))
    return found if encoding == found.dialect.encoding else look(source, {**options, "encoding": encoding})
