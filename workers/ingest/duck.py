"""DuckDB as ingest uses it: private, bounded in memory, explicit paths, no extensions, no network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from service.domain.times import read_time

Connection = duckdb.DuckDBPyConnection


@contextlib.contextmanager
def database(directory: Path, source: Path, memory_bytes: int, threads: int) -> Iterator[Connection]:
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
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        _add_times(connection)
        yield connection
    finally:
        connection.close()


def _add_times(connection: Connection) -> None:
    """`time_of(text, order)`: microseconds since 1970 by the reader that prediction has; NULL for what is no time."""

    @lru_cache(maxsize=65_536)
    def microseconds(text: str, order: str) -> int | None:
        try:
            return read_time(text, order)
        except ValueError:
            return None

    def time_of(texts: Any, orders: Any) -> Any:
        pairs = zip(texts.to_pylist(), orders.to_pylist(), strict=True)
        return pa.array(
            [None if text is None else microseconds(text, order or "") for text, order in pairs], pa.int64()
        )

    connection.create_function(
        "time_of",
        time_of,
        ["VARCHAR", "VARCHAR"],
        "BIGINT",
        type="arrow",
        null_handling="special",  # type: ignore[arg-type]
    )


def quoted_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: Any) -> str:
    return str(error).split("\n")[0]
