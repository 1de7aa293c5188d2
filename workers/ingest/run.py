"""The story of one dataset: uploaded bytes become a typed table with a profile and rejects, or a reason why not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import structlog

from service.domain.artifact import to_json
from service.errors import BodyTooLarge, StorageFull, Unavailable, WorkFailed
from service.store.blobs import Blob, Blobs, write_blob
from service.store.tables import DatasetRow
from service.wiring import Deps
from workers.ingest.dialect import SAMPLE_BYTES, Found, find
from workers.ingest.load import as_utf8, database, load, rejects_csv
from workers.ingest.profile import profile
from workers.ingest.types import types_of
from workers.lease import Lease, LeaseLost, WorkerStopping, claimed

log = structlog.get_logger(__name__)


def run(deps: Deps, id: str) -> None:
    """Ingest a dataset that waits; does nothing when it does not."""
    with claimed(deps, DatasetRow, id) as lease:
        if lease is None:
            return
        try:
            lease.write(state="ready", lease_until=None, error=None, **_ingest(deps, lease))
            log.info("dataset ready", dataset=id)
        except LeaseLost:
            log.warning("lease lost", dataset=id)
        except WorkerStopping:
            lease.give_back()
        except (WorkFailed, StorageFull) as error:
            code = error.reason if isinstance(error, WorkFailed) else error.code
            lease.write(state="failed", lease_until=None, error={"code": code, "detail": error.detail})
            log.info("dataset failed", dataset=id, code=code, detail=error.detail)
        except Unavailable as error:  # left to its lease: the sweeper frees it, and counts the attempt
            log.warning("ingest interrupted", dataset=id, error=error.detail)
        except Exception as error:
            log.exception("ingest broke", dataset=id)
            lease.write(state="failed", lease_until=None, error=_broken(error))


def _ingest(deps: Deps, lease: Lease[DatasetRow]) -> dict[str, Any]:
    """The columns of the dataset's row once it is ready. Raises WorkFailed."""
    row, settings = lease.row, deps.settings
    declared = row.options.get("types") or {}
    with tempfile.TemporaryDirectory(prefix="adaline-ingest-") as name, deps.blobs.local(row.sha256) as original:
        directory = Path(name)
        found = _found(original, row.options, settings.max_columns)
        source = original
        if found.dialect.encoding != "utf-8":
            source = directory / "source.csv"
            as_utf8(original, found.dialect.encoding, source)
        lease.check()
        with database(directory, source, settings.ingest_memory_bytes, os.cpu_count() or 1) as duck:
            types = types_of(found.names, found.rows, declared)
            parquet = directory / "table.parquet"
            rows, rejects, types = load(
                duck, source, parquet, found.dialect, types, declared, settings.max_rejected_rows
            )
            if rows == 0:
                raise WorkFailed("no_rows", "no row of the file can be read; see its rejects" if rejects else "no rows")
            if rows > settings.max_rows:
                raise WorkFailed(
                    BodyTooLarge.code, f"the file has {rows:,} rows; at most {settings.max_rows:,} are allowed"
                )
            lease.check()
            table, details = profile(duck, parquet, rows, types, declared, settings.max_classes)
        lease.check()
        return {
            "rows": rows,
            "rejected_rows": len(rejects),
            "dialect": found.dialect.to_json(),
            "columns": table.columns_json(),
            "table_key": _keep(deps.blobs, parquet).key,
            "profile_key": write_blob(deps.blobs, to_json({"rows": rows, "columns": details})).key,
            "rejects_key": write_blob(deps.blobs, rejects_csv(rejects)).key if rejects else None,
        }


def _found(path: Path, options: dict[str, Any], max_columns: int) -> Found:
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        whole = not file.read(1)
    found = find(sample, whole, options)
    if len(found.names) > max_columns:
        raise WorkFailed(
            "too_many_columns", f"the file has {len(found.names):,} columns; at most {max_columns:,} are allowed"
        )
    return found


def _keep(blobs: Blobs, path: Path) -> Blob:
    with blobs.writer() as writer:
        writer.write_file(path)
        return writer.commit()


def _broken(error: Exception) -> dict[str, str]:
    return {
        "code": "internal",
        "detail": f"ingest met an error that Adaline does not know ({type(error).__name__}); the worker's log has it",
    }
