"""What a process that trains does at its start, so that no user's job waits for it: imports, compiled kernels, and a
rehearsal, unless a job waits already."""

from __future__ import annotations

import gc
from typing import Any

import structlog
from celery.signals import worker_process_init

from service.errors import AdalineError
from service.store import work
from service.store.tables import JobRow
from service.wiring import Deps
from workers.deps import process_deps
from workers.jobs.rehearse import rehearse
from workers.training.engines.warm import compile_kernels
from workers.training.threads import use_one_thread

log = structlog.get_logger(__name__)


def rehearsed(deps: Deps) -> list[str]:
    """How the jobs of the rehearsal ended. None are run where a user's job waits: it would wait for them."""
    with deps.database.read() as session:
        if work.waits(session, JobRow):
            return []
    return rehearse(deps)


@worker_process_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def _start_child(**_: Any) -> None:
    use_one_thread()
    compile_kernels()
    try:
        deps = process_deps()
        deps.database.check()  # its connection is open then
        states = rehearsed(deps)
    except (AdalineError, OSError) as error:  # the first job will meet it too, and say so to its user
        log.warning("training is not warm", error=str(error))
    else:
        if set(states) - {"succeeded"}:
            log.warning("training is not warm", states=states)
    # what is here now stays: looking through all of it again takes 0.1 s, within every hundredth job or so
    gc.collect()
    gc.freeze()
