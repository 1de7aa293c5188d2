"""What a process holds in memory follows the database: at once after a hint, a moment later without one."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from service.changes import Changes
from service.errors import Unavailable

LOOK_SECONDS = 0.4  # a hint of a change comes at once; without one it is seen within so long

log = structlog.get_logger(__name__)


def follow(changes: Changes, id: str, refresh: Callable[[], None], what: str) -> None:
    """Call `refresh` whenever this changes, until the process ends. A database that is away is told once, as that these
    (`what`) stay as they are."""
    away = False
    while not changes.closed:
        try:
            changes.wait(id, refresh, LOOK_SECONDS)
            away = False
        except Unavailable as error:
            if not away:
                log.warning(f"{what} in memory stay as they are for now", error=error.detail)
            away = True
            changes.wait(id, lambda: None, LOOK_SECONDS)
