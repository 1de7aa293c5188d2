"""The least training loss that a linear neuron can have: the exact optimum, by QR in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from service.domain.auto import is_bowl
from service.domain.columns import Kind
from service.domain.spec import TrainingSpec
from workers.explain.least_squares import triangle
from workers.explain.rows import exact_rows
from workers.training.prepare import Prepared


def least_loss(path: Path, spec: TrainingSpec, kinds: dict[str, Kind], prepared: Prepared) -> float | None:
    """In units of the scaled target; None where there is no closed form to it."""
    if not is_bowl(spec):
        return None
    found = triangle(exact_rows(path, kinds, prepared, spec.network.bias, keep_bytes=0, check=lambda: None))
    # raw columns differ by orders of magnitude: each has length 1 before a rank is judged
    lengths = np.linalg.norm(found.design, axis=0)
    lengths = np.where(lengths > 0, lengths, 1.0)
    weights = np.linalg.lstsq(found.design / lengths, found.target(), rcond=None)[0] / lengths
    return found.squares(weights) / found.rows
