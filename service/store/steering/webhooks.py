"""Queries on webhooks, and on what they are to be told.

A delivery is added in the transaction that ends its job, so that none is lost and none tells what did not happen. Who
tries one first moves the time at which it is due: a sender that dies in between leaves it to be tried again.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Executable, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from service.domain.jobs.notices import ENDS, PUBLISHED, pause_after
from service.domain.plain import rfc3339
from service.errors import WebhookNotFound
from service.store.paging import Page, page
from service.store.session import new_id, now
from service.store.steering.tables import DeliveryRow, WebhookRow
from service.store.tables import JobRow, Json


def add(session: Session, owner: str, url: str, events: Sequence[str], secret: str) -> WebhookRow:
    """A new webhook."""
    row = WebhookRow(
        id=new_id("wh"), owner=owner, url=url, events=list(events), secret=secret, created_at=now()
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def get(session: Session, owner: str, id: str) -> WebhookRow:
    """Raises WebhookNotFound."""
    row = session.get(WebhookRow, id)
    if row is None or row.owner != owner:
        raise WebhookNotFound(f"there is no webhook {id!r}")
    return row


def count(session: Session, owner: str) -> int:
    return session.scalar(select(func.count()).where(WebhookRow.owner == owner)) or 0


def listing(session: Session, owner: str, limit: int, after: str | None) -> Page[WebhookRow]:
    query = select(WebhookRow).where(WebhookRow.owner == owner)
    return page(session, query, WebhookRow.id, limit, after, lambda row: row.id)


def remove(session: Session, owner: str, id: str) -> None:
    """Forget a webhook and its deliveries. Raises WebhookNotFound."""
    get(session, owner, id)
    session.execute(delete(WebhookRow).where(WebhookRow.id == id))


def deliveries_of(session: Session, webhook_id: str, limit: int, after: str | None) -> Page[DeliveryRow]:
    """What a webhook was told, or is to be, newest first."""
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
    return page(session, query, DeliveryRow.id, limit, after, lambda row: row.id)


def deliveries_about(session: Session, job_id: str, limit: int, after: str | None) -> Page[DeliveryRow]:
    """What webhooks were told of a job, or are to be, newest first."""
    query = select(DeliveryRow).where(DeliveryRow.job_id == job_id)
    return page(session, query, DeliveryRow.id, limit, after, lambda row: row.id)


def tell_of_end(session: Session, job_id: str, state: str) -> None:
    """Whoever wants to know of this job's end is to be told, by this transaction, which has ended it."""
    wanted = session.connection().execute(_listening(), {"of_job": job_id}).all()
    if not wanted:
        return
    job = session.connection().execute(_ended(), {"of_job": job_id}).one()
    model = {"name": job.model_name, "version": job.model_version} if job.model_version is not None else None
    moment = now()
    told: dict[str, Json] = {
        ENDS[state]: {
            "id": job_id,
            "kind": job.kind,
            "state": state,
            "dataset": job.dataset_id,
            "model": model,
            "error": job.error,
            "created_at": rfc3339(job.created_at),
            "finished_at": rfc3339(job.finished_at or moment),
        }
    }
    if state == "succeeded" and job.kind == "train" and model is not None:
        told[PUBLISHED] = {
            "model": model["name"],
            "version": model["version"],
            "job": job_id,
            "dataset": job.dataset_id,
        }
    rows = [
        {
            "id": new_id("msg"), "webhook_id": webhook.id, "job_id": job_id, "type": type, "state": "pending",
            "body": {"type": type, "timestamp": rfc3339(moment), "data": data}, "attempts": 0, "due_at": moment,
            "created_at": moment,
        }
        for webhook in wanted for type, data in told.items() if type in webhook.events
    ]  # fmt: skip
    if rows:
        session.execute(insert(DeliveryRow), rows)


def due(session: Session, most: int) -> Sequence[str]:
    """Ids of deliveries that are to be tried now, those that wait longest first."""
    query = select(DeliveryRow.id).where(DeliveryRow.due_at <= now()).order_by(DeliveryRow.due_at)
    return session.scalars(query.limit(most)).all()


def take(session: Session, id: str, seconds: float) -> tuple[DeliveryRow, WebhookRow] | None:
    """A delivery to try, and its webhook; None if another tries it. It is due again after so many seconds, unless its
    outcome is told before."""
    moment = now()
    again = update(DeliveryRow).where(DeliveryRow.id == id, DeliveryRow.due_at <= moment)
    changed = {"due_at": moment + timedelta(seconds=seconds), "attempts": DeliveryRow.attempts + 1, "tried_at": moment}
    if session.scalar(again.values(changed).returning(DeliveryRow.id)) is None:
        return None
    row = session.get_one(DeliveryRow, id)
    return row, session.get_one(WebhookRow, row.webhook_id)


def delivered(session: Session, id: str, status: int) -> None:
    """It has arrived."""
    done = {"state": "delivered", "due_at": None, "status": status, "error": None}
    session.execute(update(DeliveryRow).where(DeliveryRow.id == id).values(done))


def not_delivered(session: Session, id: str, attempts: int, status: int | None, error: str, *, for_good: bool) -> None:
    """It has not, and is tried again after a while; never again `for_good`, or after the last attempt."""
    pause = None if for_good else pause_after(attempts)
    changed = {"status": status, "error": error[:500], "due_at": None if pause is None else now() + pause}
    if pause is None:
        changed["state"] = "failed"
    session.execute(update(DeliveryRow).where(DeliveryRow.id == id).values(changed))


@functools.cache
def _listening() -> Executable:
    whose = select(JobRow.owner).where(JobRow.id == bindparam("of_job")).scalar_subquery()
    return select(WebhookRow.id, WebhookRow.events).where(WebhookRow.owner == whose)


@functools.cache
def _ended() -> Executable:
    columns = (JobRow.kind, JobRow.dataset_id, JobRow.model_name, JobRow.model_version, JobRow.error)
    return select(*columns, JobRow.created_at, JobRow.finished_at).where(JobRow.id == bindparam("of_job"))
