"""CSV -> typed Parquet by DuckDB: explicit columns, bounded memory, no extensions, no network; rejects by line."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from service.domain.columns import MISSING_WORDS
from service.errors import WorkFailed
from workers.ingest.dialect import Dialect, not_text

CHUNK = 1024 * 1024
# a time with an offset is kept in UTC; a NaN, however it is written, is a missing cell
READ_AS = {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE"}
KEPT_AS = {
    "TIMESTAMP": "{0}::TIMESTAMP AS {0}",
    "DOUBLE": "CASE WHEN isnan({0}) THEN NULL ELSE {0} END AS {0}",
}
MOSTLY = 0.9  # a column in which so many cells are of its type keeps it, and the rows of the others are rejected


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not in the table: its physical line, the column and why, as it stands in the file."""

    line: int
    column: str
    reason: str
    raw: str


@contextlib.contextmanager
def database(directory: Path, source: Path, memory_bytes: int, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private DuckDB that may touch nothing but `directory` and the file `source`."""
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_bytes // 1024}KiB",
            "threads": str(threads),
            "temp_directory": str(directory / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        connection.execute(f"SET allowed_directories = [{_quoted(str(directory))}]")
        connection.execute(f"SET allowed_paths = [{_quoted(str(source))}]")
        connection.execute("SET TimeZone = 'UTC'")  # a time without a zone is UTC, wherever the worker stands
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def as_utf8(source: Path, encoding: str, target: Path) -> None:
    """Write the file again in UTF-8. Raises WorkFailed that names the line of the first bad byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with source.open("rb") as reading, target.open("wb") as writing:
        while True:
            chunk = reading.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += chunk[: error.start].count(b"\n")
                raise WorkFailed("not_text", not_text(encoding, line)) from None
            line += text.count("\n")
            writing.write(text.removeprefix("\ufeff").encode())
            if not chunk:
                return


def load(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    target: Path,
    dialect: Dialect,
    types: Mapping[str, str],
    declared: Collection[str],
    most_rejects: int,
) -> tuple[int, list[Reject], dict[str, str]]:
    """Write the table; its rows, its rejects, and the types that its columns turned out to have.

    A column whose later cells are not of the type of its first ones is text after all, unless it was declared, or
    nearly all cells fit: then the others are rejects. Raises WorkFailed when too many rows are bad.
    """
    types = dict(types)
    while True:
        rows = _to_parquet(connection, source, target, dialect, types, most_rejects)
        misfits = _misfits(connection)
        wrong = [
            name
            for name, cells in misfits.items()
            if name not in declared and (cells > most_rejects or cells > (1 - MOSTLY) * (rows + cells))
        ]
        if not wrong:
            break
        types.update(dict.fromkeys(wrong, "VARCHAR"))
    rejects = _rejects(connection, source)
    if len(rejects) > most_rejects:
        first = "; ".join(f"line {reject.line}: {reject.reason}" for reject in rejects[:10])
        raise WorkFailed("too_many_rejects", f"more than {most_rejects} rows cannot be read: {first}")
    return rows, rejects, types


def _to_parquet(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    target: Path,
    dialect: Dialect,
    types: Mapping[str, str],
    most_rejects: int,
) -> int:
    """Read every row that fits these types; the others are in DuckDB's table of rejects."""
    columns = ", ".join(f"{_quoted(name)}: {_quoted(READ_AS.get(type, type))}" for name, type in types.items())
    selected = ", ".join(KEPT_AS.get(type, "{0}").format(quoted_name(name)) for name, type in types.items())
    missing = ", ".join(_quoted(word) for word in MISSING_WORDS)
    read = (
        f"read_csv({_quoted(str(source))}, auto_detect=false, columns={{{columns}}}, {_dialect(dialect)}, "
        f"nullstr=[{missing}], store_rejects=true, rejects_limit={most_rejects + 1})"
    )
    try:
        for table in ("reject_errors", "reject_scans"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        # Snappy is written as fast as the CSV is read; a better ratio would double the time
        connection.execute(
            f"COPY (SELECT {selected} FROM {read}) TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)"
        )
        return int(connection.execute(f"SELECT count(*) FROM {_quoted(str(target))}").fetchall()[0][0])
    except duckdb.OutOfMemoryException:
        raise WorkFailed("out_of_memory", "the file has rows too wide for the memory that ingest may use") from None
    except duckdb.Error as error:
        raise WorkFailed("not_csv", f"the file cannot be read as CSV: {_first_line(error)}") from None


def _misfits(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many cells of each column are not of its type."""
    query = "SELECT column_name, count(*) FROM reject_errors WHERE error_type = 'CAST' GROUP BY column_name"
    return dict(connection.execute(query).fetchall())


def _rejects(connection: duckdb.DuckDBPyConnection, source: Path) -> list[Reject]:
    """One reject for each bad row, by physical line: DuckDB counts records, so lines are counted here."""
    found = connection.execute(
        "SELECT line_byte_position, any_value(column_name), any_value(error_type), any_value(error_message), "
        "any_value(csv_line) FROM reject_errors GROUP BY line_byte_position ORDER BY line_byte_position"
    ).fetchall()
    rejects = []
    with source.open("rb") as file:
        position, line = 0, 1
        for start, column, type, message, raw in found:
            while position < start:
                chunk = file.read(min(CHUNK, start - position))
                line += chunk.count(b"\n")
                position += len(chunk)
            rejects.append(Reject(line, column or "", _reason(type, message), raw))
    return rejects


def _reason(type: str, message: str) -> str:
    if type == "CAST":
        return message.split(". ", 1)[-1].split("\n")[0]
    return message.split("\n")[0]


def rejects_csv(rejects: Sequence[Reject]) -> bytes:
    """The rejects as a CSV; a cell that a spreadsheet would run as a formula is kept from it by an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["line", "column", "reason", "raw"])
    for reject in rejects:
        writer.writerow([reject.line, *(_neutral(cell) for cell in (reject.column, reject.reason, reject.raw))])
    return out.getvalue().encode()


def _neutral(cell: str) -> str:
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _dialect(dialect: Dialect) -> str:
    quote = _quoted(dialect.quote)
    header = str(dialect.header).lower()
    return f"delim={_quoted(dialect.delimiter)}, quote={quote}, escape={quote}, header={header}"


def quoted_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Any) -> str:
    return str(error).split("\n")[0]
