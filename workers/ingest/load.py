"""CSV -> typed Parquet by DuckDB: explicit columns, bounded memory, no extensions, no network; rejects by line."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from service.domain.columns import MISSING_WORDS, Kind
from service.errors import WorkFailed
from workers.ingest.dialect import Dialect, not_text

CHUNK = 1024 * 1024
SNIFFED_ROWS = 20_480
TYPE_OF_KIND: dict[str, str] = {
    "numeric": "DOUBLE", "boolean": "BOOLEAN", "datetime": "TIMESTAMP", "categorical": "VARCHAR", "text": "VARCHAR",
}  # fmt: skip
NUMBERS = frozenset({"BIGINT", "INTEGER", "HUGEINT", "UHUGEINT", "UBIGINT", "DOUBLE", "FLOAT", "DECIMAL"})
# a date is taken as one when its order of year, month and day is beyond doubt; others stay as they are written
ISO_DATES = (None, "%Y-%m-%d")


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


def kinds_of(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    dialect: Dialect,
    names: Sequence[str],
    declared: Mapping[str, Kind],
) -> dict[str, str]:
    """The DuckDB type of each column: as declared, else as its first rows look."""
    unknown = sorted(set(declared) - set(names))
    if unknown:
        raise WorkFailed("unknown_column", f"?types= names columns that the file does not have: {', '.join(unknown)}")
    query = (
        f"SELECT Columns, DateFormat, TimestampFormat FROM sniff_csv({_quoted(str(path))}, "
        f"sample_size={SNIFFED_ROWS}, {_dialect(dialect)})"
    )
    try:
        columns, date_format, _ = connection.execute(query).fetchall()[0]
    except duckdb.Error as error:
        raise WorkFailed("not_csv", f"the file cannot be read as CSV: {_first_line(error)}") from None
    sniffed = [column["type"] for column in columns]
    if len(sniffed) != len(names):  # rows of another width than the header: each will be judged on its own
        sniffed = ["VARCHAR"] * len(names)
    return {
        name: TYPE_OF_KIND[declared[name]] if name in declared else _type(type, date_format)
        for name, type in zip(names, sniffed, strict=True)
    }


def _type(sniffed: str, date_format: str | None) -> str:
    base = sniffed.split("(")[0]
    if base in NUMBERS:
        return "DOUBLE"
    if base == "BOOLEAN":
        return "BOOLEAN"
    if base in ("DATE", "TIMESTAMP") and date_format in ISO_DATES:
        return "TIMESTAMP"
    return "VARCHAR"


def to_parquet(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    target: Path,
    dialect: Dialect,
    types: Mapping[str, str],
    most_rejects: int,
) -> tuple[int, list[Reject]]:
    """Write the table and give its rows and rejects. Raises WorkFailed when too many rows are bad."""
    columns = ", ".join(f"{_quoted(name)}: {_quoted(type)}" for name, type in types.items())
    missing = ", ".join(_quoted(word) for word in MISSING_WORDS)
    read = (
        f"read_csv({_quoted(str(source))}, auto_detect=false, columns={{{columns}}}, {_dialect(dialect)}, "
        f"nullstr=[{missing}], store_rejects=true, rejects_limit={most_rejects + 1})"
    )
    try:
        # Snappy is written as fast as the CSV is read; a better ratio would double the time
        connection.execute(
            f"COPY (SELECT * FROM {read}) TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)"
        )
        rows = connection.execute(f"SELECT count(*) FROM {_quoted(str(target))}").fetchall()[0][0]
        rejects = _rejects(connection, source)
    except duckdb.OutOfMemoryException:
        raise WorkFailed("out_of_memory", "the file has rows too wide for the memory that ingest may use") from None
    except duckdb.Error as error:
        raise WorkFailed("not_csv", f"the file cannot be read as CSV: {_first_line(error)}") from None
    if len(rejects) > most_rejects:
        first = "; ".join(f"line {reject.line}: {reject.reason}" for reject in rejects[:10])
        raise WorkFailed("too_many_rejects", f"more than {most_rejects} rows cannot be read: {first}")
    return rows, rejects


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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Any) -> str:
    return str(error).split("\n")[0]
