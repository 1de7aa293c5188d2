"""The sweeper: what was forgotten is found. It re-sends the unsent, frees the expired, deletes the orphaned."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

import structlog

from service.domain.jobs.lanes import LANES
from service.errors import AdalineError
from service.logs import configure_logging
from service.metrics import forget_shared, metrics, serve_metrics
from service.queue import INGEST, SERVED_SECONDS, SWEEPER, TRAIN, Task
from service.settings import Settings
from service.store import jobs, work
from service.store.jobs import NOTHING_KEPT
from service.store.session import now
from service.store.steering import turns
from service.store.tables import DatasetRow, JobRow
from service.store.work import AnyWork
from service.wiring import Deps, wire
from workers.alive import touch
from workers.forgotten import Forgotten
from workers.tidying import OrphanMarks, tidy
from workers.webhooks.deliver import deliver_until

log = structlog.get_logger(__name__)

UNSERVED = {"text": "no worker serves this job's queue right now, so it waits; check /readyz, and start a worker"}
UNSERVED_SECONDS = 10.0
TOLD_AT_ONCE = 100
SENT_AT_ONCE = 500  # and then marked: a queue that goes away in between has them twice
LOST = "its worker stopped responding (killed, or out of memory) {attempts} times without progress"


def main() -> None:
    """Sweep until told to stop."""
    settings = Settings.from_environment()
    configure_logging(settings)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    if settings.metrics_port:
        serve_metrics(settings.metrics_host, settings.metrics_port)
    deps = wire(settings)
    if settings.webhooks == "on":
        threading.Thread(target=deliver_until, args=[deps, stop], name="webhooks", daemon=True).start()
    tidied = time.monotonic()
    resend_seconds = 0.0  # what waits since before this start may have lost its message: an embedded queue keeps none
    forgotten, marks = Forgotten(settings.lease_seconds), OrphanMarks()
    while not stop.is_set():
        try:
            deps.queue.announce([SWEEPER], seconds=3 * settings.sweep_seconds + SERVED_SECONDS)
            sweep(deps, resend_seconds, forgotten)
            resend_seconds = settings.resend_seconds
            if time.monotonic() - tidied > max(settings.orphan_seconds / 10, settings.sweep_seconds):
                tidied = time.monotonic()
                tidy(deps, marks)
        except (AdalineError, OSError) as error:  # a part that is away: the next sweep tries again
            log.warning("sweep failed", error=str(error))
        touch(settings)
        stop.wait(settings.sweep_seconds)
    deps.close()
    forget_shared()


def sweep(deps: Deps, resend_seconds: float | None = None, forgotten: Forgotten | None = None) -> None:
    """One look at everything that waits or should have been renewed. What was sent longer ago than `resend_seconds`
    (default: the setting) is looked for in its queue; `forgotten` remembers leases from one look to the next."""
    remembered = forgotten or Forgotten(deps.settings.lease_seconds)
    _end_or_free_jobs(deps, remembered)
    _fail_or_free_datasets(deps, remembered)
    after_seconds = deps.settings.resend_seconds if resend_seconds is None else resend_seconds
    _send(deps, DatasetRow, INGEST, after_seconds)
    _send(deps, JobRow, TRAIN, after_seconds)
    _tell_of_missing_workers(deps)


def _end_or_free_jobs(deps: Deps, forgotten: Forgotten) -> None:
    with deps.database.read() as session:
        lost = [*work.expired(session, JobRow), *forgotten.among(session, JobRow)]
    for job in lost:
        ended = {"finished_at": now(), "lease_until": None, **NOTHING_KEPT}
        with deps.database.write() as session:
            if job.state == "cancelling":
                jobs.move(session, job.id, "cancelled", job.fence, **ended)
            elif job.state != "paused" and job.attempt >= deps.settings.max_attempts:
                error = {"code": "worker_lost", "detail": LOST.format(attempts=job.attempt)}
                jobs.move(session, job.id, "failed", job.fence, error=error, **ended)
            elif state := work.free(session, job):
                jobs.let_go(session, job.id, state, "its worker was lost")
        metrics().leases_lost.labels("job").inc()
        log.warning("lease expired", job=job.id, attempt=job.attempt)
        deps.changes.publish(job.id)


def _fail_or_free_datasets(deps: Deps, forgotten: Forgotten) -> None:
    with deps.database.read() as session:
        lost = [*work.expired(session, DatasetRow), *forgotten.among(session, DatasetRow)]
    for dataset in lost:
        with deps.database.write() as session:
            if dataset.attempt >= deps.settings.max_attempts:
                error = {"code": "worker_lost", "detail": LOST.format(attempts=dataset.attempt)}
                work.write(
                    session, DatasetRow, dataset.id, dataset.fence, state="failed", lease_until=None, error=error
                )
            else:
                work.free(session, dataset)
        metrics().leases_lost.labels("dataset").inc()
        log.warning("lease expired", dataset=dataset.id, attempt=dataset.attempt)
        deps.changes.publish(dataset.id)


def _send(deps: Deps, table: type[AnyWork], task: Task, resend_seconds: float) -> None:
    for lane in LANES:
        _send_in(deps, table, task, lane, resend_seconds)


def _send_in(deps: Deps, table: type[AnyWork], task: Task, lane: str, resend_seconds: float) -> None:
    with deps.database.read() as session:
        new: Sequence[str] = work.never_sent(session, table, lane)
        old: Sequence[str] = work.unsent(session, table, resend_seconds, lane)
    # a message that still waits is no loss, however long its queue is: nothing is sent twice for it
    waiting: frozenset[str] = deps.queue.ids_waiting(task) if old else frozenset()
    due = sorted([*new, *(id for id in old if id not in waiting)])
    if table is JobRow and due:  # any message wakes up for the job whose turn it is
        with deps.database.read() as session:
            claimable = turns.claimable(session, lane, deps.settings.owner_running_jobs)
        due = due[: max(claimable - deps.queue.length(task.queue_in(lane)), 0)]
    for first in range(0, len(due), SENT_AT_ONCE):
        some = due[first : first + SENT_AT_ONCE]
        for id in some:
            deps.queue.send(task, id, lane)
        _mark_sent(deps, table, some)
        metrics().resent.inc(len(some))
        log.info("sent", task=task.name, ids=some)
    sent = set(due)
    _mark_sent(deps, table, [id for id in (*new, *old) if id not in sent])  # looked for again after as long a time


def _mark_sent(deps: Deps, table: type[AnyWork], ids: Sequence[str]) -> None:
    if ids:
        with deps.database.write() as session:
            work.mark_sent(session, table, ids)


def _tell_of_missing_workers(deps: Deps) -> None:
    """Jobs that have waited a while say so, once, when nobody serves their queue: the oldest ones, who wait first."""
    served = deps.queue.served()
    unserved = [lane for lane in LANES if not served[TRAIN.queue_in(lane)]]
    with deps.database.read() as session:
        waiting = [
            id for lane in unserved for id in work.unsent(session, JobRow, UNSERVED_SECONDS, lane)[:TOLD_AT_ONCE]
        ]
        untold = [id for id in waiting if jobs.last_event(session, id) != UNSERVED]
    for id in untold:
        with deps.database.write() as session:
            if work.hold_waiting(session, JobRow, id):
                jobs.append_event(session, id, "message", UNSERVED)
        deps.changes.publish(id)


if __name__ == "__main__":
    main()
