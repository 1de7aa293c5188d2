"""What each owner has stored: how many of each resource, and the bytes of their files by what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.store.blobs.in_use import KINDS, named_blobs
from service.store.blobs.store import Blobs
from service.store.session import Database
from service.store.tables import DatasetRow, JobRow, ModelRow, OwnerRow, VersionRow

COUNTED: Mapping[str, Any] = {"datasets": DatasetRow, "jobs": JobRow, "models": ModelRow, "versions": VersionRow}


@dataclass(frozen=True, slots=True)
class OwnersUsage:
    """`bytes` are by kind. What several rows of the owner name is counted once, and for each owner that has it."""

    owner: str
    datasets: int
    jobs: int
    models: int
    versions: int
    bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Usage:
    """Of all owners. `stored_bytes` is what lies there, each file once; of these, no row names the unused ones, which
    are deleted once they are old."""

    owners: tuple[OwnersUsage, ...]
    stored_bytes: int
    unused_bytes: int
    by_kind: Mapping[str, int]


def usage(database: Database, blobs: Blobs, owner: str | None = None) -> Usage:
    """Of this owner, or of all."""
    sizes = {it.key: it.size for it in blobs.listing()}  # before the rows: what is new there is not yet counted
    with database.read() as session:
        owners = [owner] if owner is not None else session.scalars(select(OwnerRow.id).order_by(OwnerRow.id)).all()
        counts = {name: _by_owner(session, table) for name, table in COUNTED.items()}
        of_owners: dict[str, dict[str, str]] = defaultdict(dict)
        kinds: dict[str, str] = {}
        for it in named_blobs(session):
            of_owners[it.owner][it.key] = kinds[it.key] = it.kind
    return Usage(
        owners=tuple(
            OwnersUsage(
                owner=one,
                bytes=_by_kind(of_owners[one], sizes),
                **{name: by_owner.get(one, 0) for name, by_owner in counts.items()},
            )
            for one in owners
        ),
        stored_bytes=sum(sizes.values()),
        unused_bytes=sum(size for key, size in sizes.items() if key not in kinds),
        by_kind=_by_kind(kinds, sizes),
    )


def _by_owner(session: Session, table: type[Any]) -> dict[str, int]:
    query = select(table.owner, func.count().label("n")).group_by(table.owner)
    return {row.owner: row.n for row in session.execute(query)}


def _by_kind(kinds: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, int]:
    found = dict.fromkeys(KINDS, 0)
    for key, kind in kinds.items():
        found[kind] += sizes.get(key, 0)
    return {**found, "total": sum(found.values())}
