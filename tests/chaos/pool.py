"""A real pool of worker processes, as `adaline worker` becomes one."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from service.settings import Settings
from tests.integration.processes import Running, started

START_SECONDS = 180.0  # for a pool to import, compile its kernels and rehearse, on a machine that others use too
REPOSITORY = Path(__file__).parent.parent.parent


def pool(
    settings: Settings, queue: str, processes: int = 1, *, is_group: bool = False
) -> AbstractContextManager[Running]:
    """A Celery worker for this queue; `until("ready")` waits for it. It may be a group of processes, as a shell makes
    one of what it starts."""
    command = [sys.executable, "-m", "workers", "--queues", queue, "--processes", str(processes)]
    command = ["setsid", *command] if is_group else command
    environment = {name: text for name, text in settings.to_environment(os.environ).items() if "ADALINE" in name}
    return started(command, environment | {"OMP_NUM_THREADS": "1"}, REPOSITORY)


def processes_of(running: Running) -> list[psutil.Process]:
    """The processes that work, without helpers of Python's own."""
    return [one for one in running.descendants if "resource_tracker" not in " ".join(one.cmdline())]
