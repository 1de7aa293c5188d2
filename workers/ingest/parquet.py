"""Parquet as input: the columns' types are the file's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from service.domain.cells.kinds import PLAIN_KIND, Kind, kind_of
from service.domain.cells.written import TextStyle
from service.domain.reading.names import check_names
from service.domain.reading.refusals import DialectInvalid
from service.errors import BodyTooLarge, WorkFailed
from service.reading.parquet.bounds import check_cells, check_pages, opened
from service.reading.parquet.thrift import Damaged
from workers.ingest.loaded import Loaded, Reading
from workers.ingest.readers.careful import LINE
from workers.ingest.readers.duck import PARQUET, Opening, first_line, quoted, quoted_name
from workers.ingest.readers.duck_types import cast, held_by
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.rejects import Reject
from workers.ingest.typing.kinds import WORDS, TypeDecision, declared
from workers.ingest.typing.spelling import Spelling
from workers.ingest.typing.typed import write_typed

PANDAS_INDEX = "__index_level_0__"  # how pandas writes an index without a name
_NAMES = "SELECT name FROM parquet_schema({})"


def load_parquet(
    opening: Opening,
    directory: Path,
    source: Path,
    options: Mapping[str, Any],
    limits: FileLimits,
    check: Callable[[], None] = lambda: None,
    threads: int = 1,
) -> Loaded:
    """Read a Parquet file into `directory`. Only an empty string is missing beside a null. Raises WorkFailed."""
    _hold_to_bounds(source, limits, check)
    read = f"read_parquet({quoted(str(source))}, file_row_number=true)"
    try:
        with opening() as connection:
            described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {read}").fetchall()
            types = {str(name): str(type) for name, type, *_ in described}
            own = {name: _kind(name, type) for name, type in types.items()}
            # as they are written: DuckDB has renamed those that are empty or twice; the first is the file's own root
            written = connection.execute(_NAMES.format(quoted(str(source)))).fetchall()[1:]
            check_names([str(name) for (name,) in written])
            limits.check_columns(len(types))
            kinds, orders = declared(options.get("types") or {}, types)
            if PANDAS_INDEX in own and kind_of(own[PANDAS_INDEX]).holds == "numbers":  # the numbers of rows: no feature
                kinds = {PANDAS_INDEX: "text", **kinds}
            stored: dict[str, Kind] = {
                name: kind if kind_of(kinds.get(name, kind)).holds == kind_of(kind).holds else WORDS
                for name, kind in own.items()
            }
            selected = ", ".join(cast(name, types[name], kind_of(kind).holds) for name, kind in stored.items())
            raw = directory / "raw.parquet"
            connection.execute(
                f"COPY (SELECT file_row_number + 1 AS {quoted_name(LINE)}, {selected} FROM {read}) "
                f"TO {quoted(str(raw))} ({PARQUET})"
            )
    except duckdb.OutOfMemoryException:
        raise WorkFailed(
            "out_of_memory",
            "the file's row groups do not fit in the memory of ingest "
            "(ADALINE_INGEST_MEMORY_BYTES); write smaller ones",
        ) from None
    except duckdb.Error as error:
        raise WorkFailed("not_parquet", f"the file cannot be read as Parquet: {first_line(error)}") from None
    except DialectInvalid as error:
        raise WorkFailed(error.code, error.detail) from None
    check()
    style = TextStyle(missing=("",), dates=orders)
    as_declared = {**stored, **kinds}
    table = directory / "table.parquet"
    spelling = Spelling()
    misfits = write_typed(raw, table, stored, as_declared, style, limits.rejected_rows, check, spelling)
    style = replace(style, words=spelling.words())
    rejects = [Reject(line, column, reason, "") for line, column, reason in misfits]
    return Reading(directory, kinds, limits, check, threads).done(
        table, rejects, TypeDecision(as_declared, style), None
    )


def _hold_to_bounds(source: Path, limits: FileLimits, check: Callable[[], None]) -> None:
    """DuckDB makes room by what the pages say, outside its memory limit. Raises WorkFailed."""
    size = source.stat().st_size
    try:
        with source.open("rb") as file:
            parquet = opened(file)
            limits.check_columns(len(parquet.schema_arrow.names))
            checked = check_pages(file, parquet, limits.bounds, size)
            check()
            check_cells(file, parquet, limits.bounds, size, checked, check)
    except BodyTooLarge as error:
        raise WorkFailed(error.code, error.detail) from None
    except UnicodeDecodeError:
        detail = "a column name is not UTF-8; write the file with UTF-8 names"
        raise WorkFailed("not_text", detail) from None
    except (pa.ArrowException, OSError, Damaged) as error:
        raise WorkFailed("not_parquet", f"the file cannot be read as Parquet: {first_line(error)}") from None


def _kind(name: str, type: str) -> Kind:
    if held := held_by(type):
        return PLAIN_KIND[held]
    raise WorkFailed("column_type_unsupported", f"column {name!r} is {type}; use numbers, booleans, times and strings")
