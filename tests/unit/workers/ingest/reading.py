"""Bytes through the real reader, on real files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from service.domain.cells.kinds import Kind
from service.domain.cells.table import Table
from service.domain.cells.written import TextStyle
from service.domain.model.artifact import to_json
from service.reading.bounds import Bounds
from service.settings import Settings
from workers.ingest.load import Reader, load
from workers.ingest.loaded import Loaded
from workers.ingest.parquet import load_parquet
from workers.ingest.profiling.profile import profile
from workers.ingest.readers.duck import database
from workers.ingest.readers.limits import FileLimits

MIB = 1024 * 1024
READERS: tuple[Reader, ...] = ("unquoted", "plain", "careful")  # the fastest one that may be used
LIMITS = FileLimits(1_000_000, 10_000, cell_bytes=16 * MIB, rejected_rows=1000, bounds=Bounds.of(Settings()))


@dataclass(frozen=True, slots=True)
class Read:
    """The table by column, and all else that is known of it."""

    table: dict[str, list[Any]]
    loaded: Loaded

    @property
    def reader(self) -> Reader:
        """The one that has read the file."""
        directory = self.loaded.path.parent
        if (directory / "raw.parquet").exists():
            return "careful"
        return "plain" if pq.read_metadata(directory / "plain.parquet").created_by.startswith("DuckDB") else "unquoted"


def read(
    directory: Path,
    data: bytes,
    options: dict[str, Any] | None = None,
    limits: FileLimits = LIMITS,
    fastest: Reader = "unquoted",
    parquet: bool = False,
) -> Read:
    """What ingest makes of these bytes. Raises WorkFailed."""
    source, work = directory / "source", directory / "work"
    source.write_bytes(data)
    work.mkdir(exist_ok=True)
    for file in work.iterdir():
        file.unlink()
    opening = partial(database, work, source, 400 * MIB, 2)
    if parquet:
        loaded = load_parquet(opening, work, source, options or {}, limits)
    else:
        loaded = load(opening, work, source, options or {}, limits, fastest=fastest, threads=2)
    return Read(pq.read_table(loaded.path).to_pydict(), loaded)


@dataclass(frozen=True)
class Ingested:
    """What `workers.ingest.run` makes of a file. `profile` is read back from its JSON."""

    path: Path
    table: Table
    profile: dict[str, dict[str, Any]]
    rejects: list[Any]
    style: TextStyle

    @property
    def kinds(self) -> dict[str, Kind]:
        return {column.name: column.kind for column in self.table.columns}

    def cells(self, name: str) -> list[Any]:
        return pq.read_table(self.path)[name].to_pylist()  # type: ignore[no-any-return]


def ingest(directory: Path, data: bytes | str, most_rejects: int = 1000, **options: Any) -> Ingested:
    """Dialect, kinds, table, profile. Raises WorkFailed."""
    directory.mkdir(parents=True, exist_ok=True)
    limits = replace(LIMITS, rejected_rows=most_rejects)
    loaded = read(directory, data.encode() if isinstance(data, str) else data, options, limits).loaded
    found_out = profile(loaded.path, loaded.kinds, loaded.declared, 1000, 2)
    shown = {detail["name"]: detail for detail in json.loads(to_json(found_out.details))}
    return Ingested(loaded.path, found_out.table, shown, list(loaded.rejects), loaded.style)
