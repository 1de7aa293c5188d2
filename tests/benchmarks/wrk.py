"""wrk, a load generator of Debian, with `wrk.lua`: bodies that are each another one, what came of them as numbers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".lua")
GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did in one run: requests a second, latencies in ms, and requests that failed."""

    rate: float
    p50: float
    p99: float
    failed: int


def require_wrk() -> None:
    """Raises SystemExit with the mend where there is none."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed, and this benchmark needs it: apt-get install wrk")


def load(url: str, bodies: Path, connections: int, seconds: int, authorization: str | None = None) -> Load:
    """Keep so many connections busy for so long. Raises SystemExit with what wrk says where it cannot."""
    threads = min(connections, len(os.sched_getaffinity(0)))
    command = ["wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s", "--timeout", "10s", "-s", SCRIPT, url]
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "WRK_BODIES": str(bodies), "WRK_AUTHORIZATION": authorization or ""},
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_SECONDS,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not told:
        raise SystemExit(f"wrk failed on {url}:\n{done.stdout}{done.stderr}")
    said = json.loads(told[0])
    return Load(
        rate=1e6 * said["requests"] / said["microseconds"],
        p50=said["p50"] / 1000,
        p99=said["p99"] / 1000,
        failed=said["refused"] + said["broken"],
    )


def write_bodies(path: Path, bodies: Sequence[bytes]) -> Path:
    """One a line, as the script reads them."""
    path.write_bytes(b"\n".join(bodies) + b"\n")
    return path
