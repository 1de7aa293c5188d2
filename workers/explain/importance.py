"""Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019): how much worse the model gets on rows that it
was not trained on, when one feature's values are dealt out anew among them.

All encoded columns of a feature move together: a category, a date and its parts, a gap and its flag stay whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from service.domain.arrays import Floats, Integers
from service.domain.model.magnitude import unit_of
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.report.features import Importance
from workers.explain.effort import BUDGET, Effort, plan
from workers.explain.sample import IMPORTANCE, Sample, choose, draws, inputs_of_features, strongest
from workers.training.data.fill import FilledPart

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Importances:
    """`ranked`: largest first, in the units of `metric`."""

    ranked: list[Importance]
    metric: str
    effort: Effort
    left_out: int


def importances(predictor: Predictor, part: FilledPart, seed: int, budget: int = BUDGET) -> Importances:
    """Importance of every feature on held-out rows: the increase of rmse in the target's units, or of the log loss in
    nats."""
    features, inputs = predictor.transform.features, inputs_of_features(predictor.transform)
    used = [number for number, positions in enumerate(inputs) if len(positions)]
    effort = plan(predictor.network, len(used), len(part), budget)
    generator = draws(seed, IMPORTANCE)
    rows = choose(generator, len(part), effort.rows)
    predictor, unit = _squarable(predictor)
    sample, truth = Sample.of(predictor, part.inputs[rows]), part.truth[rows] * unit
    orders = np.stack([generator.permutation(len(rows)) for _ in range(effort.repeats)])
    before = row_losses(predictor, truth, sample.unchanged())
    measured = used if effort.features == len(used) else strongest(sample, inputs, effort.features)
    found = [
        Importance(features[number].name, *_increase(sample, truth, before, inputs[number], orders, unit))
        for number in measured
    ]
    found += [
        Importance(feature.name, 0.0, 0.0, 0.0)  # constant in training: not read at all
        for feature, positions in zip(features, inputs, strict=True)
        if not len(positions)
    ]
    ranked = sorted(found, key=lambda one: -one.value)
    return Importances(ranked, "log_loss" if predictor.classes else "rmse", effort, len(used) - len(measured))


def _squarable(predictor: Predictor) -> tuple[Predictor, float]:
    """The predictor with a regression's target in a unit in which errors have squares, and how many of it are one of
    the user's."""
    unit = 1.0 if predictor.classes else unit_of(predictor.target_scale.scale)
    scales = tuple(TargetScale(one.centre * unit, one.scale * unit) for one in predictor.target_scales)
    ranges = tuple((low * unit, high * unit) for low, high in predictor.target_ranges)
    return (predictor if unit == 1 else replace(predictor, target_scales=scales, target_ranges=ranges)), unit


def row_losses(predictor: Predictor, truth: Floats, scores: Floats) -> Floats:
    """(…, n): squared errors, or the negative log of the probability that the true class was given, for scores
    (…, n) or (…, n, classes)."""
    if not predictor.classes:
        squares: Floats = (truth - scores) ** 2
        return squares
    chosen = scores[..., np.arange(len(truth)), truth.astype(np.int64)]
    losses: Floats = -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1))
    return losses


def _increase(
    sample: Sample, truth: Floats, before: Floats, positions: Integers, orders: Integers, unit: float
) -> tuple[float, float | None, float | None]:
    """The mean increase over the orders (r, n) from the losses `before` (n,), and an interval for it that covers the
    choice of rows and of orders; of both the part that is one of the user's units.

    The shuffled loss is a mean over pairs of a row and the row whose value it was given, so a row's influence on it
    is the sum of both roles (Hoeffding 1948). For rmse it passes through the root's derivative.
    """
    rooted = not sample.predictor.classes
    own = sample.share(positions)
    level, slope = _levels(before[None], rooted)
    influence = -slope[0] * before
    n, value, together = len(truth), 0.0, sample.together()
    for first in range(0, len(orders), together):
        some = orders[first : first + together]
        losses = row_losses(sample.predictor, truth, sample.scores(own, own[some]))
        shuffled, slope = _levels(losses, rooted)
        value += float((shuffled - level).sum()) / len(orders)
        losses *= slope[:, None] / len(orders)
        influence += losses.sum(axis=0)
        influence += np.bincount(some.reshape(-1), losses.reshape(-1), n)
    if n < 2:
        return value / unit, None, None
    reach = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * float(influence.std(ddof=1)) / math.sqrt(n)
    return value / unit, (value - reach) / unit, (value + reach) / unit


def _levels(losses: Floats, rooted: bool) -> tuple[Floats, Floats]:
    """(r,) of (r, n): the means, or their roots; and the derivatives by the mean (0 for the root of 0: nothing can be
    told of the spread)."""
    means = losses.mean(axis=1)
    if not rooted:
        return means, np.ones_like(means)
    roots = np.sqrt(means)
    return roots, np.divide(0.5, roots, out=np.zeros_like(roots), where=roots > 0)
