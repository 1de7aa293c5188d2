"""Small ingests at the start of each process, so that no user's first file waits for what libraries load late.

The kernel that reads numbers is compiled then too, or loaded from where an earlier process has kept it.
"""

from __future__ import annotations

import gc
from typing import Any

import structlog
from celery.signals import worker_process_init

from service.errors import AdalineError
from service.wiring import Deps
from workers.deps import process_deps
from workers.ingest.load import load
from workers.ingest.profiling.profile import profile
from workers.ingest.readers.limits import FileLimits
from workers.ingest.run import opening

log = structlog.get_logger(__name__)
TABLES = (
    b"number,word,day,truth\n" + b"1.5,a,2024-01-31,yes\n2,b,2024-02-01,no\n" * 10,
    b"x,y\n" + b"1.5,2\n2,-3e1\n" * 10,
)


def warm_up(deps: Deps) -> None:
    """Read and profile some small tables; nothing of them is kept."""
    for table in TABLES:
        with deps.blobs.workspace() as directory:
            source = directory / "source"
            source.write_bytes(table)
            loaded = load(
                opening(deps.settings, directory, source), directory, source, {}, FileLimits.of(deps.settings)
            )
            profile(loaded.path, loaded.kinds, loaded.declared, deps.settings.max_classes, threads=1)


@worker_process_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def _start_child(**_: Any) -> None:
    try:
        warm_up(process_deps())
    except (AdalineError, OSError) as error:  # the first upload will meet it too, and say so to its user
        log.warning("ingest is not warm", error=str(error))
    # what is here now stays: looking through all of it again takes 0.07 s, within every third file or so
    gc.collect()
    gc.freeze()
