"""How a descent went, from its first look at the loss to its last, and whether and when it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from workers.comparison.descent import Descent, LossPoint


@dataclass(frozen=True, slots=True)
class DescentCourse:
    """`least` is the exact optimum that this descent could come to, None where it has no closed form. Losses are in
    units of the scaled target."""

    descent: Descent
    stable_learning_rate: float
    condition_number: float
    least: float | None
    points: tuple[LossPoint, ...]
    diverged: bool

    @property
    def lowest(self) -> float:
        return min(point.loss for point in self.points)

    def arrival(self, goal: float) -> LossPoint | None:
        """The first look at which the loss was `goal` or less."""
        return next((point for point in self.points if point.loss <= goal), None)

    def before(self, arrival: LossPoint) -> LossPoint | None:
        """The look before that one; None for the first."""
        place = self.points.index(arrival)
        return self.points[place - 1] if place else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> DescentCourse:
        points = tuple(LossPoint(**point) for point in data["points"])
        return cls(**{**data, "descent": Descent(**data["descent"]), "points": points})


def goal_loss(baseline: float, least: float, tolerance: float) -> float:
    """The loss at which `tolerance` is left of the gap between the baseline and the least."""
    return least + tolerance * max(baseline - least, 0.0)


def thinned(points: Sequence[LossPoint], most: int, keep: LossPoint) -> list[LossPoint]:
    """At most `most` of the points: the first, the last, `keep`, and of the others the fewer the later they come."""
    if len(points) <= most:
        return list(points)
    places = np.geomspace(1, len(points) - 1, most - 2).round().astype(int).tolist()
    return [points[place] for place in sorted({0, *places, points.index(keep)})]
