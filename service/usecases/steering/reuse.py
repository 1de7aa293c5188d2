"""`"reuse": true`: what would be trained again, to the same bits, is answered with what there is."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.model.artifact import to_json
from service.domain.spec.training import TrainingSpec
from service.store import datasets
from service.store.tables import JobRow, VersionRow

GOES_ON = ("queued", "running", "paused")


def reuse_key(session: Session, owner: str, spec: TrainingSpec) -> str:
    """The same for trainings that end in the same version: of the same bytes, read by the same options, by the same
    spec (seed, model and metadata included) and version of Adaline. Raises DatasetNotFound."""
    other = spec.split.validation_dataset
    read = [datasets.get(session, owner, id).fingerprint for id in (spec.dataset, *(() if other is None else (other,)))]
    asked = spec.to_json()
    asked["dataset"] = None  # an id changes when the same bytes are uploaded again after a deletion
    asked["split"] = {**asked["split"], "validation_dataset": None}
    return hashlib.sha256(to_json([read, asked, _version()])).hexdigest()


def reusable(session: Session, owner: str, key: str) -> JobRow | None:
    """The newest such training of the owner's that has succeeded, and whose version is there; else one that goes on."""
    alike = select(JobRow).where(JobRow.owner == owner, JobRow.reuse_key == key).order_by(JobRow.id.desc())
    there = (VersionRow.owner == JobRow.owner, VersionRow.job_id == JobRow.id)
    done = alike.join(VersionRow, VersionRow.job_id == JobRow.id).where(*there, JobRow.state == "succeeded")
    return (
        session.scalars(done.limit(1)).first()
        or session.scalars(alike.where(JobRow.state.in_(GOES_ON)).limit(1)).first()
    )


@functools.cache
def _version() -> str:
    return version("adaline")
