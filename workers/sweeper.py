"""The sweeper: what was forgotten is found. It re-sends the unsent, frees the expired, deletes the orphaned."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

import structlog
from sqlalchemy import select

from service.errors import AdalineError
from service.logs import configure_logging
from service.queue import INGEST, TRAIN, Task
from service.settings import Settings
from service.store import answers, jobs, models, work
from service.store.bundles import key_of
from service.store.jobs import NOTHING_KEPT
from service.store.session import now
from service.store.tables import DatasetRow, JobRow
from service.store.work import AnyWork
from service.wiring import Deps, wire

log = structlog.get_logger(__name__)

DATASET_BLOBS = ("sha256", "table_key", "profile_key", "gram_key", "rejects_key")
LOST = "its worker stopped answering (killed, or out of memory), {attempts} times; the last attempt got no further"


def main() -> None:
    """Sweep until told to stop."""
    settings = Settings.from_environment()
    configure_logging(settings)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    deps = wire(settings)
    tidied = time.monotonic()
    while not stop.is_set():
        try:
            sweep(deps)
            if time.monotonic() - tidied > max(settings.orphan_seconds / 10, settings.sweep_seconds):
                tidied = time.monotonic()
                tidy(deps)
        except (AdalineError, OSError) as error:  # a part that is away: the next sweep tries again
            log.warning("sweep failed", error=str(error))
        stop.wait(settings.sweep_seconds)
    deps.close()


def sweep(deps: Deps) -> None:
    """One look at everything that waits or should have been renewed."""
    _end_or_free_jobs(deps)
    _fail_or_free_datasets(deps)
    _send(deps, DatasetRow, INGEST)
    _send(deps, JobRow, TRAIN)


def tidy(deps: Deps) -> None:
    """Delete the blobs that no row names, and forget old answers: in this order, since a full disk may refuse that."""
    # the keys first, the rows after: a blob that gets its row in between is then seen as used
    old = list(deps.blobs.keys(deps.settings.orphan_seconds))
    used = _keys_in_use(deps)
    for key in old:
        if key not in used:
            deps.blobs.delete(key, deps.settings.orphan_seconds)
            log.info("orphan deleted", blob=key)
    with deps.database.write() as session:
        answers.forget(session, deps.settings.idempotency_seconds)
    deps.database.keep_reserve()


def _end_or_free_jobs(deps: Deps) -> None:
    with deps.database.read() as session:
        lost = work.expired(session, JobRow)
    for job in lost:
        ended = {"finished_at": now(), "lease_until": None, **NOTHING_KEPT}
        with deps.database.write() as session:
            if job.state == "cancelling":
                jobs.move(session, job.id, "cancelled", job.fence, **ended)
            elif job.attempt >= deps.settings.max_attempts:
                error = {"code": "worker_lost", "detail": LOST.format(attempts=job.attempt)}
                jobs.move(session, job.id, "failed", job.fence, error=error, **ended)
            elif work.free(session, job):
                jobs.append_event(session, job.id, "state", {"state": "queued", "reason": "its worker was lost"})
        log.warning("lease expired", job=job.id, attempt=job.attempt)
        deps.changes.publish(job.id)


def _fail_or_free_datasets(deps: Deps) -> None:
    with deps.database.read() as session:
        lost = work.expired(session, DatasetRow)
    for dataset in lost:
        with deps.database.write() as session:
            if dataset.attempt >= deps.settings.max_attempts:
                error = {"code": "worker_lost", "detail": LOST.format(attempts=dataset.attempt)}
                work.write(
                    session, DatasetRow, dataset.id, dataset.fence, state="failed", lease_until=None, error=error
                )
            else:
                work.free(session, dataset)
        log.warning("lease expired", dataset=dataset.id, attempt=dataset.attempt)
        deps.changes.publish(dataset.id)


def _send(deps: Deps, table: type[AnyWork], task: Task) -> None:
    with deps.database.read() as session:
        new: Sequence[str] = work.never_sent(session, table)
        old: Sequence[str] = work.unsent(session, table, deps.settings.resend_seconds)
    # what was sent is only sent again when no message waits: a long queue is no loss
    due = sorted({*new, *(old if old and deps.queue.waiting(task) == 0 else ())})
    for id in due:
        deps.queue.send(task, id)
    if due:
        with deps.database.write() as session:
            work.mark_sent(session, table, due)
        log.info("sent", task=task.name, ids=due)


def _keys_in_use(deps: Deps) -> set[str]:
    with deps.database.read() as session:
        columns = [getattr(DatasetRow, name) for name in DATASET_BLOBS]
        used = {key for row in session.execute(select(*columns)) for key in row if key}
        used |= jobs.keys_in_use(session)
        used |= {key_of(file) for files in models.files_of(session) for file in files.values()}
    return used


if __name__ == "__main__":
    main()
