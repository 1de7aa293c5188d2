"""A sign of life for health checks: a file whose time is that of the last moment at which a process worked."""

from __future__ import annotations

from pathlib import Path

from service.settings import Settings


def touch(settings: Settings) -> None:
    """Say that this process works, where somebody wants to know. Raises OSError."""
    if settings.alive_file:
        Path(settings.alive_file).touch()
