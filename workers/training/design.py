"""The design that a network reads, as it was prepared: its curvature."""

from __future__ import annotations

from service.domain.curvature import Curvature, curvature, gram
from workers.explain.rows import slices
from workers.training.prepare import Prepared


def scaled_curvature(prepared: Prepared, bias: bool) -> Curvature | None:
    """Of the design that the network reads."""
    inputs, weights = prepared.train.inputs, prepared.train.data.weights
    pieces = (inputs[rows] for rows in slices(*inputs.shape))
    return curvature(gram(pieces, inputs.shape[1], bias, weights))
