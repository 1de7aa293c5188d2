"""What webhooks may be told of: ends of jobs and published versions, each by its type."""

from __future__ import annotations

from datetime import timedelta

PUBLISHED = "version.published"
ENDS = {state: f"job.{state}" for state in ("succeeded", "failed", "cancelled")}
"""What is told of a job that ends in each state."""
TYPES: tuple[str, ...] = (*ENDS.values(), PUBLISHED)
DELIVERY_STATES = ("pending", "delivered", "failed")

# as Standard Webhooks recommends: over three days (https://www.standardwebhooks.com, "Operational considerations")
PAUSES = tuple(
    timedelta(**pause)
    for pause in (
        {"seconds": 5}, {"minutes": 5}, {"minutes": 30}, {"hours": 2}, {"hours": 5}, {"hours": 10}, {"hours": 14},
        {"hours": 20}, {"hours": 24},
    )
)  # fmt: skip
"""Between one attempt to deliver and the next; after the last there is none."""


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None: no more."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
