"""DuckDB as ingest uses it: private, bounded in memory, explicit paths, no extensions, no network."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

DuckConnection = duckdb.DuckDBPyConnection
# who needs a database opens it, and closes it before anything else takes memory
Opening = Callable[[], contextlib.AbstractContextManager[DuckConnection]]
# Snappy is written as fast as a CSV is read; a better ratio would double the time. Groups of rows are what the profile
# and training have in memory at once, however wide the table and long its cells.
PARQUET = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE_BYTES '16MB'"


@contextlib.contextmanager
def database(directory: Path, source: Path, memory_bytes: int, threads: int) -> Iterator[DuckConnection]:
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
        connection.execute(f"SET allowed_directories = [{quoted(str(directory))}]")
        connection.execute(f"SET allowed_paths = [{quoted(str(source))}]")
        connection.execute("SET TimeZone = 'UTC'")  # a time without a zone is UTC, wherever the worker stands
        # a Parquet file's least and greatest value do not count NaN: by them DuckDB 2.0 takes isnan() for false
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def interrupted_after(connection: DuckConnection, seconds: float) -> Iterator[None]:
    """Queries inside that run longer raise duckdb.InterruptException."""
    timer = threading.Timer(seconds, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def quoted_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: Any) -> str:
    return str(error).split("\n")[0]
