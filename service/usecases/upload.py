"""Uploads: bytes become a dataset that a worker will ingest; and the end of a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError

from service.changes import Changes
from service.domain.artifact import to_json
from service.errors import DatasetInUse, QueueUnavailable
from service.queue import INGEST, Queue
from service.store import datasets, work
from service.store.blobs import Blob
from service.store.session import Database, new_id, now
from service.store.tables import DatasetRow, Json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A dataset, and whether this upload made it (or made it start anew)."""

    dataset: DatasetRow
    is_new: bool


def upload(
    database: Database, queue: Queue, blob: Blob, name: str, media_type: str, options: Mapping[str, object]
) -> Uploaded:
    """Register committed bytes as a dataset and wake a worker. The same bytes and options are the same dataset."""
    read_as: Json = {"media_type": media_type, **options}
    fingerprint = hashlib.sha256(to_json([blob.key, read_as])).hexdigest()
    try:
        uploaded = _register(database, blob, name, media_type, dict(options), fingerprint)
    except IntegrityError:  # the same upload, at the same moment: it is registered now
        uploaded = _register(database, blob, name, media_type, dict(options), fingerprint)
    if uploaded.is_new:
        wake(database, queue, uploaded.dataset.id)
    return uploaded


def wake(database: Database, queue: Queue, id: str) -> None:
    """Tell a worker of a dataset. When the queue is away, the sweeper does it later."""
    try:
        queue.send(INGEST, id)
    except QueueUnavailable as error:
        log.warning("ingest not sent", dataset=id, error=str(error))
        return
    with database.write() as session:
        work.mark_sent(session, DatasetRow, [id])


def delete(database: Database, changes: Changes, id: str) -> None:
    """Remove a dataset that no unfinished job needs; its bytes go when nothing else has them.

    Raises DatasetNotFound, DatasetInUse.
    """
    with database.write() as session:
        row = datasets.get(session, id)
        if jobs := datasets.unfinished_jobs(session, id):
            raise DatasetInUse(f"{jobs} unfinished job(s) need dataset {id}; cancel them or wait for their end")
        session.delete(row)
    changes.publish(id)


def _register(database: Database, blob: Blob, name: str, media_type: str, options: Json, fingerprint: str) -> Uploaded:
    with database.write() as session:
        known = datasets.by_fingerprint(session, fingerprint)
        if known is not None and known.state != "failed":
            return Uploaded(known, is_new=False)
        if known is not None:  # what failed once may have failed for a passing reason: the same id starts anew
            known.state, known.error, known.attempt, known.sent_at, known.lease_until = "ingesting", None, 0, None, None
            known.fence += 1
            return Uploaded(known, is_new=True)
        row = DatasetRow(
            id=new_id("ds"),
            name=name,
            state="ingesting",
            fingerprint=fingerprint,
            sha256=blob.key,
            bytes=blob.size,
            media_type=media_type,
            options=options,
            created_at=now(),
        )
        session.add(row)
        return Uploaded(row, is_new=True)
