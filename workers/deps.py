"""What a worker process works with: wired once, at its first piece of work."""

from __future__ import annotations

import functools

from service.settings import Settings
from service.tracing import configure_tracing
from service.wiring import Deps, wire


@functools.cache
def process_deps() -> Deps:
    """The parts named by this process's environment."""
    configure_tracing("worker")
    return wire(Settings.from_environment())
