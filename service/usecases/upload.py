"""Uploads: bytes become a dataset that a worker will ingest; and the end of a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.changes import Changes
from service.domain.access.quotas import UNLIMITED, Quotas
from service.domain.jobs.lanes import lane_of_file
from service.domain.model.artifact import to_json
from service.errors import DatasetInUse
from service.queue import INGEST, Queue
from service.store import answers, datasets
from service.store.blobs.spool import Blob
from service.store.session import Database, new_id, now
from service.store.tables import DatasetRow, Json
from service.tracing import origin
from service.usecases.limits.quotas import check_dataset
from service.usecases.start import wake

SCOPE = "POST /v1/datasets"


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Committed bytes, how they are to be read, and what to call them; `renames` says whether a dataset that is there
    already takes that name."""

    blob: Blob
    name: str
    media_type: str
    options: Mapping[str, object]
    renames: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The dataset, whether this upload made it (or made it start anew), and what the client is told.

    A request that is repeated with its Idempotency-Key is told what it was told first.
    """

    dataset_id: str
    is_new: bool
    answer: Json


def upload(
    database: Database,
    queue: Queue,
    owner: str,
    file: UploadedFile,
    key: str | None,
    render: Callable[[DatasetRow], Json],
    is_whole: Callable[[DatasetRow], bool] = lambda row: True,
    short_bytes: int = 0,
    quotas: Quotas = UNLIMITED,
) -> Uploaded:
    """Register a file as a dataset of the owner's and wake a worker. The same bytes and options are the same dataset;
    one of which something is damaged (`is_whole`, which may take long) is read anew.

    `key` is the request's Idempotency-Key; `render` makes the answer that is kept with it. A file of at most
    `short_bytes` goes to the lane for short work. Raises IdempotencyKeyReused,
    QuotaExceeded.
    """
    read_as: Json = {"media_type": file.media_type, **file.options}
    fingerprint = hashlib.sha256(to_json([file.blob.key, read_as])).hexdigest()
    with database.read() as session:
        here = datasets.by_fingerprint(session, owner, fingerprint)
    # looked at before the transaction: the table may be large, and others wait for SQLite's lock
    damaged = None if here is None or here.state != "ready" or is_whole(here) else here.fence
    lane = lane_of_file(file.blob.size, short_bytes)

    def register() -> tuple[Uploaded, bool]:
        with database.write() as session:
            request = hashlib.sha256(to_json([fingerprint, file.name])).hexdigest()
            known = datasets.by_fingerprint(session, owner, fingerprint, for_change=True)
            if key is not None and (first := answers.recall(session, owner, SCOPE, key, request)):
                return Uploaded(first.resource_id, first.body["is_new"], first.body["answer"]), False
            is_new = known is None or known.state == "failed" or (known.state == "ready" and known.fence == damaged)
            if known is None:
                check_dataset(session, owner, quotas, file.blob.size)
            row = known or _inserted(session, owner, file, fingerprint, lane)
            if known is not None and is_new:
                _start_anew(known, lane)
            if file.renames:
                row.name = file.name
            uploaded = Uploaded(row.id, is_new, render(row))
            if key is not None:
                told = {"is_new": is_new, "answer": uploaded.answer}
                answers.remember(session, owner, SCOPE, key, request, row.id, told)
            return uploaded, is_new

    try:
        uploaded, has_begun = register()
    except IntegrityError:  # the same upload or key, at the same moment: it is registered now
        uploaded, has_begun = register()
    if has_begun:
        wake(database, queue, INGEST, DatasetRow, uploaded.dataset_id, lane)
    return uploaded


def delete(database: Database, changes: Changes, owner: str, id: str, force: bool = False) -> None:
    """Remove a dataset of the owner's that no unfinished job needs and no version was made from, or with `force` any;
    its bytes go when nothing else has them. Versions keep answering; a job that has not read it yet will fail.

    Raises DatasetNotFound, DatasetInUse.
    """
    with database.write(frees_room=True) as session:
        row = datasets.get(session, owner, id, for_change=True)
        if not force and (found := datasets.references(session, id)):
            raise DatasetInUse(_in_use(id, found), (*found.jobs, *found.versions))
        session.delete(row)
    changes.publish(id)


def _in_use(id: str, found: datasets.References) -> str:
    """What refers to the dataset, and the ways on."""
    parts = []
    if found.n_jobs:
        parts.append(f"{found.n_jobs} unfinished job(s) need it: cancel them or wait for them")
    if found.n_versions:
        parts.append(
            f"{found.n_versions} version(s) were trained on it, and could not be reproduced: delete them first"
        )
    anyway = "Or delete it anyway with ?force=true: versions keep serving"
    return f"dataset {id} is in use. {'. '.join(parts)}. {anyway}"


def _start_anew(row: DatasetRow, lane: str) -> None:
    """What failed once may have failed for a passing reason: the same id starts anew."""
    row.lane, row.origin = lane, origin()
    row.state, row.error, row.attempt, row.sent_at, row.lease_until = "ingesting", None, 0, now(), None
    row.fence += 1


def _inserted(session: Session, owner: str, file: UploadedFile, fingerprint: str, lane: str) -> DatasetRow:
    moment = now()
    row = DatasetRow(
        id=new_id("ds"),
        owner=owner,
        name=file.name,
        state="ingesting",
        fingerprint=fingerprint,
        sha256=file.blob.key,
        bytes=file.blob.size,
        media_type=file.media_type,
        options=dict(file.options),
        lane=lane,
        origin=origin(),
        created_at=moment,
        sent_at=moment,
    )
    session.add(row)
    session.flush()
    return row
