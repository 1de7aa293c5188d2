"""How far to go along a descent direction: a step that meets the strong Wolfe conditions.

Nocedal & Wright, Numerical Optimization (2nd ed.): algorithms 3.5 and 3.6, with the cubic of eq. 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DECREASE, CURVATURE = 1e-4, 0.9  # c₁ and c₂, as the book has them for quasi-Newton methods
MOST_TRIALS = 30
NARROW = 0.1  # a trial keeps this share of the interval away from its ends
FARTHEST = 10.0  # times the last step, when going on


@dataclass(frozen=True, slots=True)
class Trial:
    """A step along the direction: the objective there, and its slope along the direction."""

    step: float
    objective: float
    slope: float


def strong_wolfe(along: Callable[[float], Trial], start: Trial, step: float) -> Trial | None:
    """The trial to take. None where there is no lower one to be found; a lower one that is not perfect is taken when
    the trials run out. A step into what is not finite is one too far."""
    if not start.slope < 0 or not step > 0:
        return None
    best, low, high = start, start, None
    for _ in range(MOST_TRIALS):
        trial = along(step)
        if trial.objective < best.objective:
            best = trial
        too_high = not trial.objective <= start.objective + DECREASE * step * start.slope
        if too_high or (low.step > 0 and trial.objective >= low.objective):
            high = trial
        elif abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        else:
            if trial.slope * ((math.inf if high is None else high.step) - low.step) >= 0:
                high = low
            low = trial
        step = _farther(low, start) if high is None else _between(low, high)
        if step in (low.step, trial.step):  # float64 can halve the interval no further
            break
    return best if best.objective < start.objective else None


def _farther(low: Trial, start: Trial) -> float:
    return min(max(_least(start, low), 2 * low.step), FARTHEST * low.step)


def _between(low: Trial, high: Trial) -> float:
    margin = NARROW * abs(high.step - low.step)
    inner = sorted((low.step, high.step))
    return min(max(_least(low, high), inner[0] + margin), inner[1] - margin)


def _least(one: Trial, other: Trial) -> float:
    """Where the cubic through two trials is least; the middle where there is none."""
    middle = (one.step + other.step) / 2
    if not math.isfinite(other.objective) or not math.isfinite(other.slope):
        return middle
    bend = one.slope + other.slope - 3 * (one.objective - other.objective) / (one.step - other.step)
    square = bend**2 - one.slope * other.slope
    if not square >= 0:
        return middle
    root = math.copysign(math.sqrt(square), other.step - one.step)
    below = other.slope - one.slope + 2 * root
    least = other.step - (other.step - one.step) * (other.slope + root - bend) / below if below else middle
    return least if math.isfinite(least) else middle
