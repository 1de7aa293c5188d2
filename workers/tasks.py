"""Tasks by name: each takes an id and makes one call."""

from __future__ import annotations

import contextlib
from typing import Any

import structlog
from celery import shared_task

from service.queue import INGEST, TRAIN
from workers.deps import process_deps
from workers.pool.stops import work_given_back


@shared_task(name=INGEST.name, bind=True)  # type: ignore[untyped-decorator]  # celery ships no types
def ingest(self: Any, id: str) -> None:
    """Read an uploaded file into a table."""
    with work_given_back(), _of_message(self.request):
        from workers.ingest.run import run  # here: who only trains needs no DuckDB, and the other way round

        run(process_deps(), id)


@shared_task(name=TRAIN.name, bind=True)  # type: ignore[untyped-decorator]  # celery ships no types
def train(self: Any, id: str) -> None:
    """Run the job of any kind whose turn it is in the lane that the message came by."""
    with work_given_back(), _of_message(self.request):
        from workers.jobs.dispatch import run

        run(process_deps(), id, TRAIN.lane_of(self.request.delivery_info["routing_key"]))


def _of_message(request: Any) -> contextlib.AbstractContextManager[None]:
    """What is logged within carries the id of the request that has sent the message, until the work itself is known."""
    request_id = (request.headers or {}).get("request_id")
    return structlog.contextvars.bound_contextvars(**({"request_id": request_id} if request_id else {}))
