"""Which blobs the rows of the database name, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.blobs.bundles import key_of
from service.store.tables import DatasetRow, JobRow, VersionRow

UPLOAD, TABLE, CHECKPOINT, RESULT, VERSION = "uploads", "tables", "checkpoints", "results", "versions"
KINDS = (UPLOAD, TABLE, CHECKPOINT, RESULT, VERSION)
_OF_DATASETS = {
    "sha256": UPLOAD,
    "table_key": TABLE,
    "profile_key": TABLE,
    "gram_key": TABLE,
    "rejects_key": TABLE,
}


def blobs_in_use(session: Session) -> dict[str, str]:
    """The keys that rows name, each with its kind; one that several rows name has the kind of the last of KINDS."""
    return {key: kind for key, kind, _ in named_blobs(session)}


def named_blobs(session: Session) -> Iterator[tuple[str, str, str]]:
    """A key, its kind and what names it (`dataset ds_…`), once for each row that does."""
    columns = [getattr(DatasetRow, name) for name in _OF_DATASETS]
    for id, *keys in session.execute(select(DatasetRow.id, *columns)):
        for key, kind in zip(keys, _OF_DATASETS.values(), strict=True):
            if key:
                yield key, kind, f"dataset {id}"
    for id, key in session.execute(select(JobRow.id, JobRow.checkpoint_key).where(JobRow.checkpoint_key.is_not(None))):
        yield str(key), CHECKPOINT, f"job {id}"
    made = select(JobRow.id, JobRow.result).where(JobRow.kind == "predict", JobRow.result.is_not(None))
    for id, found in session.execute(made):
        result = found or {}
        for key in [result["sha256"]] if "sha256" in result else [part["key"] for part in result.get("parts", ())]:
            yield key, RESULT, f"job {id}"
    files = select(VersionRow.model_name, VersionRow.version, VersionRow.files)
    for model, version, of_version in session.execute(files):
        for key in {key_of(file) for file in of_version.values()}:
            yield key, VERSION, f"version {version} of {model!r}"
