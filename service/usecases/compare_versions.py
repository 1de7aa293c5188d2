"""Compare two versions of a model, by what is stored of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from service.domain.model.artifact import REPORT
from service.domain.model.version_comparison import Compared, compare
from service.errors import FileNotFound
from service.store import models
from service.store.blobs.bundles import read_version_file
from service.store.blobs.store import Blobs
from service.store.session import Database
from service.store.tables import VersionRow

NUMBER = r"[0-9]{1,9}"


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """Both versions, the aliases of their model, and what is different."""

    a: VersionRow
    b: VersionRow
    aliases: dict[str, int]
    found: dict[str, Any]


def compare_versions(database: Database, blobs: Blobs, owner: str, name: str, a: str, b: str) -> ComparedVersions:
    """`a` and `b` are numbers or aliases of versions of the owner's model.

    Raises ModelNotFound, VersionNotFound, AliasNotFound; FileNotFound for a report that is gone.
    """
    with database.read() as session:
        models.get(session, owner, name)
        rows = _version(session, owner, name, a), _version(session, owner, name, b)
        aliases = models.aliases(session, owner, [name])[name]
    sides = [_compared(blobs, row) for row in rows]
    return ComparedVersions(*rows, aliases, compare(*sides))


def _version(session: Session, owner: str, name: str, word: str) -> VersionRow:
    mark = ":" if re.fullmatch(NUMBER, word) else "@"
    return models.resolve(session, owner, f"{name}{mark}{word}")


def _compared(blobs: Blobs, row: VersionRow) -> Compared:
    try:
        report = json.loads(read_version_file(blobs, row, REPORT))
    except KeyError:
        raise FileNotFound(f"version {row.version} of {row.model_name!r} has no report to compare by") from None
    lineage = report.get("lineage") or {}
    return Compared(
        version=row.version,
        task=row.task,
        target=row.target,
        spec=row.spec or lineage.get("spec") or {},  # a version of before may have lost its job, and never its report
        metrics=row.metrics,
        rows=report.get("rows") or {},
        lineage=lineage,
    )
