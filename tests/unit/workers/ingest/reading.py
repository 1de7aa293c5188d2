"""An ingest as the worker makes it, on a file and without a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from service.domain.artifact import to_json
from service.domain.columns import Kind
from service.domain.table import Table
from workers.ingest.dialect import SAMPLE_BYTES, Found, find
from workers.ingest.load import Reject, as_utf8, database, load
from workers.ingest.profile import profile
from workers.ingest.types import types_of

MEMORY = 400 * 2**20


@dataclass(frozen=True)
class Ingested:
    """What `workers.ingest.run` makes of a file. `profile` is read back from its JSON."""

    found: Found
    path: Path
    table: Table
    profile: dict[str, dict[str, Any]]
    rejects: list[Reject]

    @property
    def kinds(self) -> dict[str, Kind]:
        return {column.name: column.kind for column in self.table.columns}

    def cells(self, name: str) -> list[Any]:
        return pq.read_table(self.path)[name].to_pylist()  # type: ignore[no-any-return]


def ingest(directory: Path, data: bytes | str, most_rejects: int = 1000, **options: Any) -> Ingested:
    """Dialect, types, table, profile. Raises WorkFailed."""
    data = data.encode() if isinstance(data, str) else data
    directory.mkdir(parents=True, exist_ok=True)
    source = directory / "original"
    source.write_bytes(data)
    found = find(data[:SAMPLE_BYTES], len(data) <= SAMPLE_BYTES, options)
    if found.dialect.encoding != "utf-8":
        original, source = source, directory / "source.csv"
        as_utf8(original, found.dialect.encoding, source)
    declared = options.get("types") or {}
    parquet = directory / "table.parquet"
    with database(directory, source, MEMORY, 2) as duck:
        types = types_of(found.names, found.rows, declared)
        rows, rejects, types = load(duck, source, parquet, found.dialect, types, declared, most_rejects)
        table, details = profile(duck, parquet, rows, types, declared, most_classes=1000)
    shown = {detail["name"]: detail for detail in json.loads(to_json(details))}
    return Ingested(found, parquet, table, shown, rejects)
