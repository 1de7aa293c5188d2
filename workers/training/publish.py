"""Publish a trained model: its files first, then one transaction that makes the version and ends the job."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from service.domain.artifact import REPORT, dump, to_json
from service.domain.predictor import Predictor
from service.domain.speed import Speed
from service.errors import WorkFailed
from service.store import jobs, models
from service.store.bundles import write_bundle
from service.store.session import now
from service.store.tables import JobRow, Json
from service.wiring import Deps
from workers.explain.files import shown
from workers.export.files import taken_along
from workers.lease import Lease, LeaseLost


def publish(
    deps: Deps,
    lease: Lease[JobRow],
    predictor: Predictor,
    report: dict[str, Any],
    speed: Speed,
    untold: tuple[Json, Sequence[jobs.Told]] = ({}, ()),
) -> int:
    """The number of the new version. `speed` tells the preflight of later runs what this one took; `untold` is what
    else to keep with the job, and what to tell before its end.

    Raises LeaseLost, with nothing visible; WorkFailed for NaN.
    """
    taken, noticed = taken_along(predictor)
    report = {**report, "warnings": [*report["warnings"], *noticed]}
    try:
        contents = {**dump(predictor), **taken, REPORT: to_json(report)}
    except ValueError as error:
        raise WorkFailed("not_finite", f"the trained model holds a number that is not finite: {error}") from error
    files = write_bundle(deps.blobs, chain(contents.items(), shown(report, predictor.feature_kinds, list(taken))))
    job, (kept, told) = lease.row, untold
    with deps.database.write() as session:
        lease.write_in(session, lease_until=None, checkpoint_key=None, **kept)
        version = models.publish(
            session,
            job.model_name,
            job_id=job.id,
            dataset_id=job.dataset_id,
            task=predictor.task,
            target=predictor.target if isinstance(predictor.target, str) else list(predictor.target),
            features=[{"name": name, "kind": kind} for name, kind in predictor.feature_kinds.items()],
            metrics=report["metrics"],
            files=files,
        )
        ended = jobs.move(
            session,
            job.id,
            "succeeded",
            job.fence,
            told,
            finished_at=now(),
            model_version=version.version,
            result={"metrics": report["metrics"], "speed": speed.to_json()},
        )
        if not ended:
            raise LeaseLost(job.id)
    deps.changes.publish(job.id)
    return version.version
