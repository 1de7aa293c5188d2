"""Facts of the machine that checks go by, gathered once."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.store.session import now

MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def free_share(path: Path) -> tuple[int, float]:
    """The bytes that are free where a path lies, and their share of all."""
    usage = shutil.disk_usage(path)
    return usage.free, usage.free / usage.total


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_bytes` is what this machine or its container has; `mounts` is /proc/mounts; `files` is the most open
    files; `clock` tells its time; `free` tells the bytes that are free where a path lies, and their share of all."""

    environment: Mapping[str, str]
    memory_bytes: int
    mounts: str
    files: int
    clock: Callable[[], datetime] = now
    free: Callable[[Path], tuple[int, float]] = free_share

    @classmethod
    def here(cls, environment: Mapping[str, str]) -> Machine:
        """This machine, now."""
        return cls(environment, _memory_bytes(), _text("/proc/mounts"), _files())

    def file_system(self, path: Path) -> str:
        """The type of the file system that a path lies on, by its longest mount point; "" where nothing is known."""
        found, length = "", -1
        for line in self.mounts.splitlines():
            _, point, kind = line.split()[:3]
            place = Path(point.replace("\\040", " "))
            if (path == place or place in path.parents) and len(place.parts) > length:
                found, length = kind, len(place.parts)
        return found


def _memory_bytes() -> int:
    limits = [int(text) for name in MEMORY_LIMITS if (text := _text(name).strip()).isdigit()]
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            limits.append(int(line.split()[1]) * 1024)
    return min(limits, default=0)


def _files() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if hard == resource.RLIM_INFINITY else hard


def _text(path: str) -> str:
    """The text of a file of the kernel's; "" where this kernel has none."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""
