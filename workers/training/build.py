"""What a spec and prepared data make: the problem that an engine solves, and the predictor of the trained weights."""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.reading.dialect import Dialect
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.optimizers import BETA_2
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices
from workers.training.problem import Problem


def make_problem(spec: TrainingSpec, prepared: Prepared) -> Problem:
    """What the engine solves for this spec and data."""
    outputs = len(prepared.classes) if len(prepared.classes) > 2 else len(spec.targets)
    sizes = (prepared.transform.n_outputs, *(spec.network.hidden or ()), outputs)
    optimizer = spec.optimizer
    return Problem(
        Network(sizes, spec.network.activation, spec.network.bias, spec.n_members),
        spec.loss,
        optimizer.kind,
        momentum=0.0 if optimizer.momentum == "auto" else optimizer.momentum,
        nesterov=optimizer.nesterov,
        beta1=optimizer.beta1,
        beta2=BETA_2 if optimizer.beta2 == "auto" else optimizer.beta2,
        l1=optimizer.l1,
        l2=optimizer.l2,
        dropout=spec.network.dropout,
        seed=spec.seed,
        clip_norm=optimizer.clip_norm,
        quantile=spec.quantile,
        label_smoothing=spec.label_smoothing,
        precision=spec.precision,
        scaling_layer=spec.has_scaling_layer,
    )


def make_predictor(
    spec: TrainingSpec,
    prepared: Prepared,
    network: Network,
    parameters: Floats32,
    style: TextStyle = PLAIN,
    dialect: Dialect | None = None,
) -> Predictor:
    """The trained model, as it will answer."""
    return Predictor(
        spec.task,
        spec.target,
        prepared.transform,
        network,
        parameters,
        prepared.target_scales,
        prepared.classes,
        style,
        dialect,
        target_ranges=_ranges(prepared) if spec.clip_predictions else (),
    )


def _ranges(prepared: Prepared) -> tuple[tuple[float, float], ...]:
    """The least and the greatest of each target in the training rows, in its units."""
    truth, targets = prepared.train.truth, len(prepared.target_scales)
    low, high = np.full(targets, np.inf), np.full(targets, -np.inf)
    for rows in slices(len(truth), targets):
        some = truth[rows].reshape(-1, targets)
        low, high = np.minimum(low, some.min(axis=0)), np.maximum(high, some.max(axis=0))
    return tuple(zip(low.tolist(), high.tolist(), strict=True))
