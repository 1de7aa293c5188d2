"""Numbers so close to 0 that a processor computes with them a hundred times as slowly as with others.

Adam's mean of a gradient that stays 0, as that of a relu that answers no row does, shrinks by a tenth a step, and never
arrives: below 1.2·10⁻³⁸ it loses digits instead, until 0.9 of the last one rounds to itself. A twentieth of a network's
weights in that state doubles the time of a step. As 0 they cost nothing, and no weight has moved by them either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """For a while, this thread takes subnormal numbers for 0, and makes none (on processors that can)."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
