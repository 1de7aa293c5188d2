"""Worker processes work in their jail: what they need of libraries, files and servers is there, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service.queue import INGEST
from service.store.tables import DatasetRow
from service.wiring import Deps
from tests import samples
from tests.chaos.pool import START_SECONDS, pool, processes_of
from tests.integration.processes import eventually
from workers.jail import landlock

CSV = b"rooms,city,price\n" + b"3,Lyon,210\n4,Nice,295.5\n" * 50


def jail_of(process: psutil.Process) -> dict[str, str]:
    """What the kernel says of how a process is restrained."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def test_process_that_reads_uploads_is_shut_in_and_works(make_deps: Callable[..., Deps]) -> None:
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    deps = make_deps(short_processes=0)
    content = deps.blobs.put(CSV)
    id = samples.dataset(deps, state="ingesting", sha256=content.key, rows=None, table_key=None).id
    with pool(deps.settings, INGEST.queue) as running:
        deps.queue.send(INGEST, id)
        assert eventually(lambda: state_of(deps, id) == "ready", START_SECONDS), running.lines
        (child,) = [one for one in processes_of(running) if "spawn_main" in " ".join(one.cmdline())]
        restrained = jail_of(child)
        assert (restrained["Seccomp"], restrained["NoNewPrivs"]) == ("2", "1")
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        assert "Max core file size        0                    0" in limits
        assert "Max data size             unlimited" not in limits
        assert "Max file size             unlimited" not in limits
        assert jail_of(psutil.Process(running.process.pid))["Seccomp"] == "0"  # it reads nothing, and starts processes


def state_of(deps: Deps, id: str) -> str:
    with deps.database.read() as session:
        return session.get_one(DatasetRow, id).state
