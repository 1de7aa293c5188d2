"""Which blobs the rows of the database name, what each of them is, and whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.blobs.bundles import key_of
from service.store.tables import DatasetRow, JobRow, VersionRow

UPLOAD, TABLE, CHECKPOINT, RESULT, VERSION = "uploads", "tables", "checkpoints", "results", "versions"
KINDS = (UPLOAD, TABLE, CHECKPOINT, RESULT, VERSION)
_OF_DATASETS = {"sha256": UPLOAD, "table_key": TABLE, "profile_key": TABLE, "gram_key": TABLE, "rejects_key": TABLE}


@dataclass(frozen=True, slots=True)
class NamedBlob:
    """A blob that a row names: `what` the row is (`dataset ds_…`), and its owner."""

    key: str
    kind: str
    owner: str
    what: str


def blobs_in_use(session: Session) -> dict[str, str]:
    """The keys that rows name, each with its kind; one that several rows name has the kind of the last of KINDS."""
    return {it.key: it.kind for it in named_blobs(session)}


def named_blobs(session: Session) -> Iterator[NamedBlob]:
    """Once for each row that names one, in the order of KINDS but for the tables of datasets."""
    columns = [getattr(DatasetRow, name) for name in _OF_DATASETS]
    for id, owner, *keys in session.execute(select(DatasetRow.id, DatasetRow.owner, *columns)):
        for key, kind in zip(keys, _OF_DATASETS.values(), strict=True):
            if key:
                yield NamedBlob(key, kind, owner, f"dataset {id}")
    saved = select(JobRow.id, JobRow.owner, JobRow.checkpoint_key).where(JobRow.checkpoint_key.is_not(None))
    for id, owner, key in session.execute(saved):
        yield NamedBlob(str(key), CHECKPOINT, owner, f"job {id}")
    made = select(JobRow.id, JobRow.owner, JobRow.result).where(JobRow.kind == "predict", JobRow.result.is_not(None))
    for id, owner, found in session.execute(made):
        result = found or {}
        for key in [result["sha256"]] if "sha256" in result else [part["key"] for part in result.get("parts", ())]:
            yield NamedBlob(key, RESULT, owner, f"job {id}")
    files = select(VersionRow.model_name, VersionRow.version, VersionRow.owner, VersionRow.files)
    for model, version, owner, of_version in session.execute(files):
        for key in {key_of(file) for file in of_version.values()}:
            yield NamedBlob(key, VERSION, owner, f"version {version} of {model!r}")
