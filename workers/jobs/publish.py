"""Publish a trained model: its files first, then one transaction that makes the version, says whether it serves, and
ends the job."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from sqlalchemy.orm import Session

from service.changes import REGISTRY
from service.domain.described import document
from service.domain.jobs.speed import Speed
from service.domain.model.artifact import REPORT, dump, to_json
from service.domain.model.promotion import Judged, Promotion, promote
from service.errors import WorkFailed
from service.store import jobs, models
from service.store.blobs.bundles import write_bundle
from service.store.session import now
from service.store.tables import JobRow, Json, VersionRow
from service.wiring import Deps
from workers.jobs.rival import Contender, judge
from workers.lease import Lease, LeaseLost
from workers.show.files import shown


class NotYetJudged(Exception):
    """What serves is a version that the new one has not been held against; this transaction is to be rolled back."""

    def __init__(self, serving: VersionRow) -> None:
        super().__init__(serving.version)
        self.serving = serving


def publish(
    deps: Deps,
    lease: Lease[JobRow],
    contender: Contender,
    speed: Speed,
    untold: tuple[Json, Sequence[jobs.Told]] = ({}, ()),
) -> int:
    """The number of the new version. `speed` tells the preflight of later runs what this one took; `untold` is what
    else to keep with the job, and what to tell before its end.

    Whether the version serves is decided while its model is held, by what serves then. Holding a model and answering
    for many rows do not go together: a rival that has not been judged yet is judged in between, and all is tried anew.

    Raises LeaseLost, with nothing visible; WorkFailed for NaN; Cancelled or WorkerStopping while a rival is judged.
    """
    predictor = contender.predictor
    try:
        contents = {**dump(predictor), **contender.along, REPORT: to_json(document(contender.report))}
    except ValueError as error:
        raise WorkFailed("not_finite", f"the trained model holds a number that is not finite: {error}") from error
    files = write_bundle(
        deps.blobs, chain(contents.items(), shown(contender.report, predictor.feature_kinds, list(contender.along)))
    )
    judged: dict[int, Judged] = {}
    while True:
        try:
            version = _published(deps, lease, contender, files, speed, untold, judged)
            break
        except NotYetJudged as found:
            judged[found.serving.version] = judge(contender, found.serving, deps.blobs, lease.check)
    deps.changes.publish(lease.row.id)
    deps.changes.publish(REGISTRY)
    return version


def _published(
    deps: Deps,
    lease: Lease[JobRow],
    contender: Contender,
    files: dict[str, Json],
    speed: Speed,
    untold: tuple[Json, Sequence[jobs.Told]],
    judged: dict[int, Judged],
) -> int:
    """The number of the new version, by one transaction. Raises LeaseLost, NotYetJudged."""
    job, (kept, told) = lease.row, untold
    predictor, spec, metrics = contender.predictor, contender.spec, document(contender.report.metrics)
    with deps.database.write() as session:
        lease.write_in(session, lease_until=None, checkpoint_key=None, **kept)
        number = models.publish(
            session,
            job.model_name,
            job_id=job.id,
            dataset_id=job.dataset_id,
            task=predictor.task,
            target=predictor.target if isinstance(predictor.target, str) else list(predictor.target),
            features=[{"name": name, "kind": kind} for name, kind in predictor.feature_kinds.items()],
            metrics=metrics,
            files=files,
            spec=spec.to_json(),
            metadata=dict(spec.metadata),
        ).version
        promotion = serves_now(session, job.model_name, number, spec.promote, judged)
        is_news = spec.promote != "newest" or not promotion.is_promoted
        news: list[jobs.Told] = (
            [("message", {"text": promotion.sentence, "promotion": promotion.to_json()})] if is_news else []
        )
        ended = jobs.move(
            session,
            job.id,
            "succeeded",
            job.fence,
            [*told, *news],
            finished_at=now(),
            model_version=number,
            result={"metrics": metrics, "promotion": promotion.to_json(), "speed": speed.to_json()},
        )
        if not ended:
            raise LeaseLost(job.id)
    return number


def serves_now(session: Session, name: str, number: int, rule: str, judged: dict[int, Judged]) -> Promotion:
    """What becomes of a version that this transaction, which holds the model, has added. Raises NotYetJudged."""
    served, has_default = models.served_before(session, name, number)
    if rule == "if_better" and served is not None and served not in judged:
        raise NotYetJudged(models.get_version(session, name, served))
    promotion = promote(rule, name, number, served, has_default, None if served is None else judged.get(served))
    if promotion.pins or promotion.moves:
        models.point(session, name, models.DEFAULT_ALIAS, promotion.serves)
    return promotion
