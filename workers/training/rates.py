"""The learning rate that `auto` stands for: from the curvature of the prepared data."""

from __future__ import annotations

import math

import numpy as np

from service.domain.curvature import Curvature, curvature, gram
from service.domain.spec import TrainingSpec
from service.errors import WorkFailed
from workers.training.prepare import Prepared

CHUNK = 65_536
ADAM_RATES = ((64, 0.01), (256, 0.003), (math.inf, 0.001))  # by the widest layer
FEW_ROWS = 1000  # with few rows an epoch has few steps: they are twice as long


def scaled_curvature(prepared: Prepared, bias: bool) -> Curvature | None:
    """Of the design that the network reads."""
    inputs = prepared.train.inputs
    pieces = (inputs[start : start + CHUNK] for start in range(0, len(inputs), CHUNK))
    return curvature(gram(pieces, inputs.shape[1], bias))


def learning_rate(spec: TrainingSpec, found: Curvature | None, rows: int) -> tuple[float, str]:
    """The rate to use, and why."""
    asked = spec.optimizer.learning_rate
    if asked != "auto":
        return float(asked), "as asked"
    if spec.optimizer.kind != "sgd":
        widest = max(spec.network.hidden or (1,))
        rate = next(rate for width, rate in ADAM_RATES if widest <= width) * (2 if rows < FEW_ROWS else 1)
        return (
            rate,
            f"{spec.optimizer.kind} moves each weight by about its rate a step: {rate} for layers up to {widest}",
        )
    if found is None:
        raise WorkFailed("features_constant", "the prepared features are all zero: there is nothing to learn from")
    batch = rows if not isinstance(spec.batch_size, int) else min(spec.batch_size, rows)
    # cross-entropy is flatter than squared error: its Hessian is at most a quarter (two classes) or half of ZᵀZ/n
    flatter = {"cross_entropy": 0.25, "mae": 1.0, "huber": 0.5}.get(spec.loss, 1.0)
    slow = 1 - spec.optimizer.momentum
    if batch >= rows and spec.network.kind == "linear" and spec.loss == "mse" and not spec.optimizer.momentum:
        rate = 2 / (found.lambda_max + found.lambda_min)
        return rate, f"the best constant rate of full-batch descent, 2/(λmax + λmin) = {rate:.4g}"
    # a batch of b rows sees curvature up to about λmax + trace/b (Bottou, Curtis & Nocedal 2018, section 4)
    bound = flatter * (found.lambda_max + 2 * found.trace / batch)
    rate = float(np.float32(slow / bound)) / (1 if spec.network.kind == "linear" else 2)
    return rate, f"{rate:.4g}: below 2/λmax = {found.stable_learning_rate:.4g} by what batches of {batch} rows add"
