"""The design that a network reads, as it was prepared: its curvature."""

from __future__ import annotations

from service.domain.curvature import Curvature, curvature, gram
from workers.training.prepare import Prepared

CHUNK = 4_096


def scaled_curvature(prepared: Prepared, bias: bool) -> Curvature | None:
    """Of the design that the network reads."""
    inputs, weights = prepared.train.inputs, prepared.train.data.weights
    pieces = (inputs[start : start + CHUNK] for start in range(0, len(inputs), CHUNK))
    return curvature(gram(pieces, inputs.shape[1], bias, weights))
