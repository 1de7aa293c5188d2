"""Numbers so large or so small that their squares are not in float64, and the powers of two that bring them near 1.

A power of two is exact: what was multiplied by one has lost no digit, and gets it back when it is divided again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from service.domain.arrays import Floats

GREAT, SMALL = 1e150, 1e-130  # sums of squares, and the squares of last digits, are in float64 between these
LOWER, HIGHER = 2.0**-600, 2.0**600


def units(sizes: Floats) -> Floats:
    """(…,) what numbers of these greatest sizes are to be multiplied by before they are squared: 1 but at the ends."""
    small = (sizes > 0) & (sizes < SMALL)
    found: Floats = np.where(sizes > GREAT, LOWER, np.where(small, HIGHER, 1.0))
    return found


def unit_of(size: float) -> float:
    """The factor, as from `units`, for numbers of one greatest size."""
    return LOWER if size > GREAT else HIGHER if 0 < size < SMALL else 1.0


def has_square(size: float) -> bool:
    """Whether sums of squares of numbers of this size are in float64, to their last digits."""
    return SMALL < size < GREAT


def is_finite(part: Any) -> bool:
    """Whether every number in it is one."""
    if isinstance(part, dict):
        return all(map(is_finite, part.values()))
    if isinstance(part, list | tuple):
        return all(map(is_finite, part))
    return not isinstance(part, float) or math.isfinite(part)
