"""Temperature scaling (Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks"): scores divided
by one number, which lowers the log loss of rows that did not train the network.

Divided by T, scores z have the log loss L(s) = mean(log Σₖ exp(s zₖ) - s z_true) with s = 1/T, which is convex in s:
its slope is the mean of E[z] - z_true, its curvature the mean variance of z, both by the model's own probabilities.
To it comes (log s)² / (2 SPREAD² n), as if log T were known to be about 0 before any of the n rows was seen: where the
network is right on nearly all of them, the loss alone would make it surer than so few rows can tell.

The rows that fit T are not those that tell what it is worth: they are dealt into folds, and each is judged by the T of
the others. Where that T is no gain, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Floats, Integers
from service.domain.model.predictor import Predictor
from service.domain.model.probabilities import class_probabilities
from service.domain.report.temperature import TemperatureScaling
from service.domain.spec.training import TrainingSpec
from workers.explain.calibration import calibration
from workers.explain.sample import TEMPERATURE, draws
from workers.training.data.fill import FilledPart
from workers.training.data.rows import slices

FOLDS = 10
FEWEST_ROWS = 20
COLDEST, HOTTEST = 0.05, 20.0
SPREAD = 0.5  # of log T, before any row is seen
STEPS = 60
ENOUGH = 1e-9  # of the sharpness


@dataclass(frozen=True, slots=True)
class Tempered:
    """A temperature, what is told of it, and for each row (n,) the `sharpness` 1/T of a temperature that the row did
    not fit."""

    value: float
    told: TemperatureScaling
    sharpness: Floats

    def probabilities(self, scores: Floats) -> Floats:
        """(n, n_classes) of the rows' scores (n, n_outputs), each by its own temperature."""
        return class_probabilities(scores * self.sharpness[:, None])


def temperature_of(spec: TrainingSpec, predictor: Predictor, part: FilledPart) -> Tempered | None:
    """`tempered` of a network that tells classes apart; a linear neuron's certificate is of the probabilities as they
    are."""
    if not predictor.classes or spec.network.kind != "mlp":
        return None
    return tempered(predictor, part, spec.seed)


def tempered(predictor: Predictor, part: FilledPart, seed: int) -> Tempered | None:
    """The temperature of a classifier by rows that did not train it; None where they are too few."""
    if len(part) < FEWEST_ROWS:
        return None
    scores, truth = scores_of(predictor, part), part.truth[:].astype(np.int64)
    weights = None if part.data.weights is None else part.data.weights[:].astype(np.float64)
    counts = np.ones(len(part)) if weights is None or not weights.any() else weights
    fold_of = draws(seed, TEMPERATURE).permutation(len(part)) % FOLDS
    sharpness = np.empty(len(part))
    for fold in range(FOLDS):
        inside = fold_of == fold
        sharpness[inside] = sharpest(scores[~inside], truth[~inside], counts[~inside])
    before, after = class_probabilities(scores), class_probabilities(scores * sharpness[:, None])
    losses = [_log_loss(one, truth, counts) for one in (before, after)]
    is_applied = losses[1] < losses[0]
    value = 1 / sharpest(scores, truth, counts) if is_applied else 1.0
    errors = [calibration(truth, one).expected_error for one in (before, after)]
    told = TemperatureScaling(value, is_applied, len(part), FOLDS, losses[0], losses[1], errors[0], errors[1])
    return Tempered(value, told, sharpness if is_applied else np.ones(len(part)))


def scores_of(predictor: Predictor, part: FilledPart) -> Floats:
    """(n, n_outputs): the network's last sums."""
    pieces = [predictor.layers.scores(part.inputs[rows]) for rows in slices(len(part), predictor.network.widest)]
    return np.concatenate(pieces)


def sharpest(scores: Floats, truth: Integers, counts: Floats) -> float:
    """The s in [1/20, 20] whose log loss of s · scores (n, n_outputs), with what is known of s before, is least,
    counting rows by `counts` (n,): by Newton's method, and by halves where that leaves the bracket."""
    each = scores if scores.shape[1] > 1 else np.column_stack([np.zeros(len(scores)), scores[:, 0]])
    shares, pull = counts / counts.sum(), 1 / (SPREAD**2 * len(counts))
    of_truth = each[np.arange(len(each)), truth]
    low, high, sharpness = 1 / HOTTEST, 1 / COLDEST, 1.0
    for _ in range(STEPS):
        probabilities = class_probabilities(each * sharpness)
        mean = np.einsum("ij,ij->i", probabilities, each)
        known = pull * np.log(sharpness) / sharpness
        slope = float(shares @ (mean - of_truth)) + known
        low, high = (sharpness, high) if slope < 0 else (low, sharpness)
        spread = np.einsum("ij,ij->i", probabilities, (each - mean[:, None]) ** 2)
        curved = float(shares @ spread) + (pull / sharpness - known) / sharpness
        step = sharpness - slope / curved if curved > 0 else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - sharpness) <= ENOUGH * sharpness:
            return following
        sharpness = following
    return sharpness


def _log_loss(probabilities: Floats, truth: Integers, counts: Floats) -> float:
    chosen = np.clip(probabilities[np.arange(len(truth)), truth], np.finfo(np.float64).eps, 1)
    return float(-(counts @ np.log(chosen)) / counts.sum())
