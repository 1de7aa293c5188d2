"""Into the jail: what a worker's process gives up before it reads the first byte of a stranger.

Its memory and its files have a limit, it leaves no core file, and, where the kernel allows, it starts no program and no
process, opens no file but its own and connects to no server but Adaline's. What is refused is an error in the work that
asked for it, which ends as failed; a process that is killed for it is one more lost worker.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from service.settings import Settings
from workers.jail import landlock, seccomp
from workers.jail.rules import Rules, rules_for

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Jail:
    """What is in force: the version of Landlock (0: none), whether system calls are filtered, the most memory."""

    landlock: int
    seccomp: bool
    memory_bytes: int


def enter(settings: Settings, roles: Sequence[str]) -> Jail | None:
    """Shut this process in, for good; before it has threads of its own, which Landlock would leave out. None where the
    settings say so, or the system is not Linux."""
    if settings.jail == "off" or sys.platform != "linux":
        return None
    jail = shut(rules_for(settings, roles, os.environ))
    if not (jail.landlock and jail.seccomp):
        log.warning(
            "this kernel restrains workers only in part", landlock=jail.landlock, seccomp=jail.seccomp,
            kernel=platform.release(),
        )  # fmt: skip
    return jail


def shut(rules: Rules) -> Jail:
    """Shut this process in by these rules."""
    tempfile.tempdir = str(rules.scratch)
    memory = _memory_now() + rules.memory_bytes
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, rules.file_bytes)
    _limit(resource.RLIMIT_DATA, memory)
    held = landlock.restrict(rules.readable, rules.writable, rules.ports)
    return Jail(held, seccomp.restrict(), memory)


def _limit(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (allowed, allowed))


def _memory_now() -> int:
    """What RLIMIT_DATA counts: memory of its own that the process may write to, touched or not."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
