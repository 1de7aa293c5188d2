"""How fast this machine trains: what finished runs took, and what another would take by the nearest of them.

An epoch's work is counted in multiplications of a row by a weight. Each step and each row costs something besides,
whatever the network: as many as the constants say (one thread of an x86: a step of autograd takes 55 to 90 µs, a row
8 ns, a row times a weight 0.07 to 0.3 ns). All else is counted in cells of the prepared matrix, beside a fixed part
(0.05 s, and 0.1 µs a cell). What one machine makes of these units, its finished runs tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from service.domain.plain import plain

STEP_WORK = {"autograd": 300_000.0, "fused": 2_000.0}
BOWL = "bowl"  # the fused engine without the rows: an epoch is a step, the product of a matrix and a vector
BOWL_WORK = 100_000.0
ROW_WORK = 40.0
FIXED_CELLS = 500_000
NEAREST = 5
# where no run has told yet: on the side of too long, by the figures above on a machine half as fast
UNIT_SECONDS, CELL_SECONDS = 0.6e-9, 4e-7


@dataclass(frozen=True, slots=True)
class Speed:
    """What a run took. `epoch_seconds` is the median of its epochs; `other_seconds` went to everything but epochs:
    preparing, reporting, publishing; `cells` are those of the prepared matrix."""

    engine: str
    device: str
    rows: int
    batch: int
    weights: int
    cells: int
    epoch_seconds: float
    other_seconds: float

    def to_json(self) -> dict[str, Any]:
        return plain(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Speed:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds of an epoch, by the median, the fastest and the slowest of `runs` like it; and of all else."""

    epoch_seconds: float
    low: float
    high: float
    other_seconds: float
    runs: int


def expect(
    speeds: Sequence[Speed], engine: str, device: str, rows: int, batch: int, weights: int, cells: int
) -> Expected | None:
    """What a run of this shape would take; None while none of this engine and device has finished."""
    alike = [speed for speed in speeds if (speed.engine, speed.device) == (engine, device)]
    if not alike:
        return None

    def distance(speed: Speed) -> float:
        return abs(math.log(speed.weights / weights)) + abs(math.log(speed.batch / batch))

    nearest = sorted(alike, key=distance)[:NEAREST]
    work = _work(engine, rows, batch, weights)
    taken = [work * it.epoch_seconds / _work(engine, it.rows, it.batch, it.weights) for it in nearest]
    others = [it.other_seconds * (FIXED_CELLS + cells) / (FIXED_CELLS + it.cells) for it in _by_cells(alike, cells)]
    return Expected(median(taken), min(taken), max(taken), median(others), len(nearest))


def roughly(
    engine: str, rows: int, batch: int, weights: int, cells: int, epochs: int, budget_seconds: float | None = None
) -> float:
    """Seconds that a run of this shape hardly exceeds, while none has finished here. Its epochs take at most
    `budget_seconds`."""
    learning = epochs * _work(engine, rows, batch, weights) * UNIT_SECONDS
    most = math.inf if budget_seconds is None else budget_seconds
    return min(learning, most) + (FIXED_CELLS + cells) * CELL_SECONDS


def _work(engine: str, rows: int, batch: int, weights: int) -> float:
    if engine == BOWL:
        return BOWL_WORK + weights**2
    return math.ceil(rows / batch) * STEP_WORK[engine] + rows * (weights + ROW_WORK)


def _by_cells(speeds: Sequence[Speed], cells: int) -> list[Speed]:
    return sorted(speeds, key=lambda it: abs(math.log(max(it.cells, 1) / max(cells, 1))))[:NEAREST]
