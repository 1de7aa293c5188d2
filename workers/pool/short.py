"""The start of a process of the lane for short work: it imports and rehearses what all others do together, and takes
nothing long."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_process_init

import workers.ingest.warm
import workers.jobs.warm  # noqa: F401 (both: they prepare the process when they are imported)
from service.domain.jobs.lanes import PATIENCE, SHORT
from workers.deps import process_deps
from workers.lane import here

LEAST_SECONDS = 3.0  # of patience, whatever the setting is


@worker_process_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def _start_child(**_: Any) -> None:
    here.only = SHORT
    here.patience_seconds = max(PATIENCE * process_deps().settings.short_job_seconds, LEAST_SECONDS)
