"""A worker that trains nothing: it takes a job's message, claims the job and ends it as succeeded, by the code that all
workers do so with. `python -m tests.benchmarks.fleet_worker --processes 8`, with the settings of the environment."""

from __future__ import annotations

import argparse
from typing import Any

from celery import shared_task
from sqlalchemy.orm import Session

from service.queue import TRAIN, queues_of
from service.settings import Settings
from service.store import jobs
from service.store.session import now
from service.store.steering.turns import claim_next
from service.store.tables import JobRow
from service.wiring import Deps
from workers.app import make_app
from workers.deps import process_deps
from workers.lane import here
from workers.lease import claimed
from workers.pool.stops import work_given_back


@shared_task(name=TRAIN.name, bind=True)
def train(self: Any, id: str) -> None:
    """Claim the job whose turn it is, and end it."""
    with work_given_back():
        end_next(process_deps(), id, TRAIN.lane_of(self.request.delivery_info["routing_key"]))


def end_next(deps: Deps, id: str, lane: str) -> None:
    """What `workers.jobs.dispatch` does, around a job of no work."""

    def next_of(session: Session) -> JobRow | None:
        return claim_next(session, lane, deps.settings.lease_seconds, here.name, deps.settings.owner_running_jobs)

    with claimed(deps, JobRow, id, jobs.begin, next_of) as lease:
        if lease is not None:
            deps.changes.publish(lease.row.id)
            with deps.database.write() as session:
                ended = {"finished_at": now(), "lease_until": None, "progress": {"fraction": 1.0}}
                jobs.move(session, lease.row.id, "succeeded", lease.row.fence, **ended)
            deps.changes.publish(lease.row.id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    processes = parser.parse_args().processes
    app = make_app(Settings.from_environment(), [TRAIN.queue])
    # nothing here uses threads before the fork, so that 64 processes share the memory of what they import
    app.conf.update(adaline_warmed=[], include=["workers.app", __spec__.name], worker_pool_start_method="fork")
    queues = ",".join(queues_of([TRAIN.queue]))
    options = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=warning"]
    app.worker_main(["--quiet", "worker", f"--queues={queues}", f"--concurrency={processes}", *options])


if __name__ == "__main__":
    main()
