"""Deliveries that are due, tried: some at once, each by its own attempt, its outcome told in the database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog

from service.errors import AdalineError
from service.store.session import now
from service.store.steering import webhooks
from service.wiring import Deps
from workers.webhooks.peers import networks
from workers.webhooks.post import post

AT_ONCE = 8
TAKEN = 100  # deliveries at a look
LOOK_SECONDS = 1.0
GRACE_SECONDS = 10.0  # beyond the time of an attempt: then its sender counts as dead, and another tries

log = structlog.get_logger(__name__)


def deliver_due(deps: Deps) -> int:
    """Try what is due; how many were tried."""
    with deps.database.read() as session:
        ids = webhooks.due(session, TAKEN)
    if not ids:
        return 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as threads:
        return sum(threads.map(lambda id: deliver(deps, id), ids))


def deliver(deps: Deps, id: str) -> bool:
    """Try one, unless another does."""
    seconds = deps.settings.webhook_seconds
    with deps.database.write() as session:
        taken = webhooks.take(session, id, seconds + GRACE_SECONDS)
    if taken is None:
        return False
    delivery, webhook = taken
    outcome = post(delivery, webhook, now(), networks(deps.settings.webhook_allowed_peers), seconds)
    with deps.database.write() as session:
        if outcome.error is None:
            webhooks.delivered(session, id, outcome.status or 0)
        else:
            webhooks.not_delivered(
                session, id, delivery.attempts, outcome.status, outcome.error, for_good=outcome.is_final
            )
    log.info("webhook told", delivery=id, webhook=webhook.id, job=delivery.job_id, attempt=delivery.attempts,
             status=outcome.status, error=outcome.error)  # fmt: skip
    return True


def deliver_until(deps: Deps, stop: threading.Event) -> None:
    """Look for what is due again and again, until asked to stop."""
    while not stop.wait(LOOK_SECONDS):
        try:
            while deliver_due(deps) == TAKEN and not stop.is_set():
                pass
        except AdalineError as error:  # a database that is away: the next look tries again
            log.warning("webhooks not told", error=str(error))
        except Exception as error:
            log.exception("telling webhooks met an error", error=str(error))
