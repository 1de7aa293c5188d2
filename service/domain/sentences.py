"""Parts of sentences that people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


def few(names: Sequence[One], most: int = 8, written: Callable[[One], str] = str) -> str:
    """The first of many, and how many more there are.

    >>> few(["rooms", "age", "price"], 2)
    'rooms, age and 1 more'
    """
    shown = ", ".join(map(written, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
