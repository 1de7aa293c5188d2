"""The parts of Adaline as programs: command line and environment. Named in words: nothing of theirs is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import service
from service.errors import CannotStart
from service.settings import Settings
from service.supervisor.child import Program

# A part computes on as many cores as it has processes; libraries with threads of their own would fight over them,
# and each of OpenBLAS's threads reserves memory.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LEARNS = ("duckdb", "torch")


def api(settings: Settings) -> Program:
    return _python("api", "service.supervisor.http_server", (), settings)


def worker(name: str, queues: Sequence[str], processes: int, settings: Settings) -> Program:
    """Raises CannotStart where the libraries that learn are not installed."""
    missing = [library for library in LEARNS if find_spec(library) is None]
    if missing:
        raise CannotStart(
            f"{' and '.join(missing)} not found, so nothing can be trained: pip install 'adaline[worker]'"
        )
    return _python(name, "workers", ("--queues", ",".join(queues), "--processes", str(processes)), settings)


def sweeper(settings: Settings) -> Program:
    return _python("sweeper", "workers.sweeper", (), settings)


def counting(program: Program, shared: Mapping[str, str]) -> Program:
    """The program, whose processes count together with all others that have this environment (`service.metrics`)."""
    return replace(program, environment={**program.environment, **shared})


def _python(name: str, module: str, arguments: Sequence[str], settings: Settings) -> Program:
    environment = ONE_THREAD | {"PYTHONUNBUFFERED": "1"} | settings.to_environment(os.environ)
    if Path.cwd() != Path(service.__file__).parent.parent:
        # `python -m` looks in the working directory first, where a user's own `service` or `workers` may lie
        environment["PYTHONSAFEPATH"] = "1"
    return Program(name, [sys.executable, "-m", module, *arguments], environment)
