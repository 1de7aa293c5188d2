"""Two lanes for work that waits: what is expected to be short does not wait behind what is long.

Processes take work of either lane; some take the short one alone. Which lane is a guess. Work that takes too long
there goes on in the other one.
"""

from __future__ import annotations

SHORT, LONG = "short", "long"
LANES = (SHORT, LONG)
PATIENCE = 3.0  # times as long as a short job is expected to take at most: so long a process of that lane works on one


def lane_of_job(seconds: float | None, short_seconds: float) -> str:
    """The lane of a job expected to take this many seconds; None if unknown."""
    return SHORT if seconds is not None and seconds <= short_seconds else LONG


def lane_of_file(size_bytes: int, short_bytes: int) -> str:
    """The lane of an upload of this size."""
    return SHORT if size_bytes <= short_bytes else LONG
