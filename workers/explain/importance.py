"""Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019): how much worse the model gets on rows that it
was not trained on, when one feature's values are dealt out anew among them.

All encoded columns of a feature move together: a category, a date and its parts, a gap and its flag stay whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from service.domain.columns import Floats
from service.domain.predictor import Predictor
from workers.explain.effort import BUDGET, Effort, plan
from workers.explain.sample import IMPORTANCE, Positions, Sample, choose, draws, inputs_of_features, strongest
from workers.training.fill import Part

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Importances:
    """`ranked`: {"feature", "value", "low", "high"}, largest first, in the units of `metric`."""

    ranked: list[dict[str, Any]]
    metric: str
    effort: Effort
    left_out: int


def importances(predictor: Predictor, part: Part, seed: int, budget: int = BUDGET) -> Importances:
    """Of every feature, on held-out rows: the increase of rmse in the target's units, or of the log loss in nats."""
    features, inputs = predictor.transform.features, inputs_of_features(predictor.transform)
    used = [number for number, positions in enumerate(inputs) if len(positions)]
    effort = plan(predictor.network, len(used), len(part), budget)
    generator = draws(seed, IMPORTANCE)
    rows = choose(generator, len(part), effort.rows)
    sample, truth = Sample.of(predictor, part.inputs[rows]), part.truth[rows]
    orders = [generator.permutation(len(rows)) for _ in range(effort.repeats)]
    measured = used if effort.features == len(used) else strongest(sample, inputs, effort.features)
    found = [
        {"feature": features[number].name, **_increase(sample, truth, inputs[number], orders)} for number in measured
    ]
    found += [
        {"feature": feature.name, "value": 0.0, "low": 0.0, "high": 0.0}  # constant in training: not read at all
        for feature, positions in zip(features, inputs, strict=True)
        if not len(positions)
    ]
    ranked = sorted(found, key=lambda one: -one["value"])
    return Importances(ranked, "log_loss" if predictor.classes else "rmse", effort, len(used) - len(measured))


def row_losses(predictor: Predictor, truth: Floats, scores: Floats) -> Floats:
    """(n,): squared errors, or the negative log of the probability that the true class was given."""
    if not predictor.classes:
        squares: Floats = (truth - scores) ** 2
        return squares
    chosen = scores[np.arange(len(truth)), truth.astype(np.int64)]
    losses: Floats = -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1))
    return losses


def _increase(sample: Sample, truth: Floats, positions: Positions, orders: Sequence[Positions]) -> dict[str, Any]:
    """The mean increase over the orders, and an interval for it that covers the choice of rows and of orders.

    The shuffled loss is a mean over pairs of a row and the row whose value it was given, so a row's influence on it
    is the sum of both roles (Hoeffding 1948). For rmse it passes through the root's derivative.
    """
    rooted = not sample.predictor.classes
    own = sample.share(positions)
    before = row_losses(sample.predictor, truth, sample.scores(own, own))
    level, slope = _root(before) if rooted else (float(before.mean()), 1.0)
    influence = -slope * before
    increases = []
    for order in orders:
        losses = row_losses(sample.predictor, truth, sample.scores(own, own[order]))
        shuffled, slope = _root(losses) if rooted else (float(losses.mean()), 1.0)
        increases.append(shuffled - level)
        influence += slope / len(orders) * losses
        influence[order] += slope / len(orders) * losses
    value = float(np.mean(increases))
    n = len(truth)
    if n < 2:
        return {"value": value, "low": None, "high": None}
    reach = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * float(influence.std(ddof=1)) / math.sqrt(n)
    return {"value": value, "low": value - reach, "high": value + reach}


def _root(squares: Floats) -> tuple[float, float]:
    """The root of the mean, and its derivative (0 where all is 0: nothing can be told of the spread)."""
    root = math.sqrt(float(squares.mean()))
    return root, 0.5 / root if root > 0 else 0.0
