"""The least training loss of a linear neuron, in float64: by QR for squared error, else by Newton's method."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from service.domain.cells.kinds import Kind
from service.domain.spec.auto import is_bowl
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from workers.optimum import convex
from workers.optimum.least_squares import triangle
from workers.training.data.prepare import Prepared
from workers.training.data.rows import KEPT_BYTES, DesignRows, exact_rows


def least_loss(path: Path, spec: TrainingSpec, kinds: dict[str, Kind], prepared: Prepared) -> float | None:
    """In units of the scaled target; None where it cannot be given."""
    if spec.network.kind != "linear" or not LOSSES[spec.loss].is_smooth:
        return None
    rows = exact_rows(path, kinds, prepared, spec.network.bias, 0 if is_bowl(spec) else KEPT_BYTES, lambda: None)
    if is_bowl(spec):
        return _least_squares(rows)
    outputs = len(prepared.classes) if len(prepared.classes) > 2 else 1
    return convex.least_loss(rows, spec.loss, outputs, prepared.classes)


def _least_squares(rows: DesignRows) -> float:
    found = triangle(rows)
    # raw columns differ by orders of magnitude: each has length 1 before a rank is judged
    lengths = np.linalg.norm(found.design, axis=0)
    lengths = np.where(lengths > 0, lengths, 1.0)
    weights = np.linalg.lstsq(found.design / lengths, found.target(), rcond=None)[0] / lengths
    return found.squares(weights) / found.rows
