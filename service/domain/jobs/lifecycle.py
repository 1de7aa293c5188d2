"""What a job or a dataset may be, and the legal moves between those states."""

from __future__ import annotations

from typing import Literal

JobState = Literal["queued", "running", "cancelling", "paused", "succeeded", "failed", "cancelled"]
EventType = Literal["state", "epoch", "progress", "message"]

JOB_KINDS: tuple[str, ...] = ("train", "descent-comparison", "predict")
JOB_STATES: tuple[str, ...] = ("queued", "running", "cancelling", "paused", "succeeded", "failed", "cancelled")
DATASET_STATES: tuple[str, ...] = ("ingesting", "ready", "failed")

TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})
MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"running", "paused", "cancelled", "failed"}),
    # back to queued: its worker stopped or lost its lease, and another may go on from the last checkpoint
    "running": frozenset({"queued", "cancelling", "paused", "succeeded", "failed"}),
    # a run that ends before it sees the cancel has ended: it may succeed
    "cancelling": frozenset({"cancelled", "succeeded", "failed"}),
    # its worker holds it until the next batch, and as long as that a resumed one simply runs on
    "paused": frozenset({"queued", "running", "cancelling", "cancelled", "succeeded", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}


def is_terminal(state: str) -> bool:
    """Whether nothing more can happen to a job in this state."""
    return state in TERMINAL


def sources(target: str) -> list[str]:
    """The states that a job may be in just before `target`."""
    return [state for state, targets in MOVES.items() if target in targets]
