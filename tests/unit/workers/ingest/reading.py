"""Bytes through the real reader, on real files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from workers.ingest.duck import database
from workers.ingest.limits import Limits
from workers.ingest.load import Loaded, load
from workers.ingest.parquet import load_parquet

MIB = 1024 * 1024
LIMITS = Limits(rows=1_000_000, columns=10_000, cell_bytes=16 * MIB, rejected_rows=1000)


@dataclass(frozen=True, slots=True)
class Read:
    """The table by column, and all else that is known of it."""

    table: dict[str, list[Any]]
    loaded: Loaded

    @property
    def is_by_the_fast_reader(self) -> bool:
        return (self.loaded.path.parent / "plain.parquet").exists() and not (
            self.loaded.path.parent / "raw.parquet"
        ).exists()


def read(
    directory: Path,
    data: bytes,
    options: dict[str, Any] | None = None,
    limits: Limits = LIMITS,
    careful: bool = False,
    parquet: bool = False,
) -> Read:
    """What ingest makes of these bytes. Raises WorkFailed."""
    source, work = directory / "source", directory / "work"
    source.write_bytes(data)
    work.mkdir(exist_ok=True)
    for file in work.iterdir():
        file.unlink()
    with database(work, source, 400 * MIB, 2) as connection:
        if parquet:
            loaded = load_parquet(connection, work, source, options or {}, limits)
        else:
            loaded = load(connection, work, source, options or {}, limits, careful=careful)
    return Read(pq.read_table(loaded.path).to_pydict(), loaded)
