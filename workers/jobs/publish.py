"""Publish a trained model: its files first, then one transaction that makes the version, says whether it serves, and
ends the job."""

from __future__ import annotations

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
from service.store.tables import Json, VersionRow
from workers.jobs.record.telling import Teller, succeed
from workers.jobs.rival import Contender, judge
from workers.show.files import shown


class NotYetJudged(Exception):
    """What serves is a version that the new one has not been held against; this transaction is to be rolled back."""

    def __init__(self, serving: VersionRow) -> None:
        super().__init__(serving.version)
        self.serving = serving


def publish(teller: Teller, contender: Contender, speed: Speed) -> int:
    """The number of the new version. `speed` tells the preflight of later runs what this one took; what the teller has
    not told yet is told before the job's end.

    Whether the version serves is decided while its model is held, by what serves then. Holding a model and answering
    for many rows do not go together: a rival that has not been judged yet is judged in between, and all is tried anew.

    Raises LeaseLost, with nothing visible; WorkFailed for NaN; Cancelled or WorkerStopping while a rival is judged.
    """
    predictor, deps, lease = contender.predictor, teller.deps, teller.lease
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
            version = _published(teller, contender, files, speed, judged)
            break
        except NotYetJudged as found:
            judged[found.serving.version] = judge(contender, found.serving, deps.blobs, lease.check)
    deps.changes.publish(lease.row.id)
    deps.changes.publish(REGISTRY)
    return version


def _published(
    teller: Teller, contender: Contender, files: dict[str, Json], speed: Speed, judged: dict[int, Judged]
) -> int:
    """The number of the new version, by one transaction. Raises LeaseLost, NotYetJudged."""
    job, (kept, told) = teller.lease.row, teller.untold
    predictor, spec, metrics = contender.predictor, contender.spec, document(contender.report.metrics)
    with teller.deps.database.write() as session:
        teller.lease.write_in(session, checkpoint_key=None, **{**kept, "spec": spec.to_json()})
        number = models.publish(
            session,
            job.owner,
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
        promotion = serves_now(session, job.owner, job.model_name, number, spec.promote, judged)
        is_news = spec.promote != "newest" or not promotion.is_promoted
        news: list[jobs.Told] = (
            [("message", {"text": promotion.sentence, "promotion": promotion.to_json()})] if is_news else []
        )
        result = {"metrics": metrics, "promotion": promotion.to_json(), "speed": speed.to_json()}
        succeed(session, teller.lease, [*told, *news], model_version=number, result=result)
    return number


def serves_now(session: Session, owner: str, name: str, number: int, rule: str, judged: dict[int, Judged]) -> Promotion:
    """What becomes of a version that this transaction, which holds the model, has added. Raises NotYetJudged."""
    served, has_default = models.served_before(session, owner, name, number)
    if rule == "if_better" and served is not None and served not in judged:
        raise NotYetJudged(models.get_version(session, owner, name, served))
    promotion = promote(rule, name, number, served, has_default, None if served is None else judged.get(served))
    if promotion.pins or promotion.moves:
        models.point(session, owner, name, models.DEFAULT_ALIAS, promotion.serves)
    return promotion
