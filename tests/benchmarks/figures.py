"""What a benchmark has to show in README's "How fast": one line for each thing measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `theirs` with their units; `ratio` is how many times better ours is."""

    workload: str
    ours: str
    peer: str
    theirs: str
    ratio: float
