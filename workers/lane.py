"""What this process takes, and how long it works on one thing: a process of the short lane takes short work alone."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass


@dataclass(slots=True)
class Here:
    """`only`: the lane whose work is taken; None: any. After `patience_seconds` (None: never) work is asked to go on in
    the lane of long work, with what it has saved, at no cost to its attempts."""

    only: str | None = None
    patience_seconds: float | None = None

    @property
    def name(self) -> str:
        """This process among all others: its host, the process that leads its pool, and itself."""
        return f"{socket.gethostname()}/{os.getppid()}/{os.getpid()}"


here = Here()
"""Of this process. Set once, at its start (`workers.pool.short`)."""
