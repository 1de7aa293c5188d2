"""Predictions judged by rows that no model has seen, and models compared over tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
LEAST_PROBABILITY = 1e-15
BINS = 15  # of equal width, as Guo et al. have them ("On calibration of modern neural networks", ICML 2017)


def error(truth: npt.NDArray[np.generic], said: Floats, labels: Sequence[str] | None) -> float:
    """RMSE over the truth's standard deviation for numbers (n,); log loss for probabilities (n, classes) of the
    sorted `labels`."""
    if labels is None:
        numbers = truth.astype(np.float64)
        return float(np.sqrt(np.mean((said - numbers) ** 2)) / numbers.std())
    right = said[np.arange(len(truth)), np.searchsorted(np.asarray(labels), truth)]
    return float(-np.log(np.clip(right, LEAST_PROBABILITY, 1)).mean())


def calibration_error(truth: npt.NDArray[np.generic], said: Floats, labels: Sequence[str]) -> float:
    """Expected calibration error of the most probable class: |accuracy - confidence|, the mean over rows in bins."""
    confidence, chosen = said.max(axis=1), np.asarray(labels)[said.argmax(axis=1)]
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    off = np.bincount(bins, (chosen == truth) - confidence, minlength=BINS)
    return float(np.abs(off).sum() / len(truth))


def covered(truth: npt.NDArray[np.generic], intervals: Floats) -> float:
    """The share of the truth (n,) that lies within its interval (n, 2)."""
    numbers = truth.astype(np.float64)
    return float(np.mean((intervals[:, 0] <= numbers) & (numbers <= intervals[:, 1])))


def ratio(ours: Mapping[str, Sequence[float]], theirs: Mapping[str, Sequence[float]]) -> tuple[float, int, int]:
    """The geometric mean over tables of our error by theirs (a table's is that of its splits), on how many tables it is
    below 1, and how many tables both have errors of."""
    tables = [
        np.mean(np.log(np.asarray(ours[name])) - np.log(np.asarray(theirs[name]))) for name in ours if name in theirs
    ]
    if not tables:
        return float("nan"), 0, 0
    return float(np.exp(np.mean(tables))), int(np.sum(np.asarray(tables) < 0)), len(tables)


def ranks(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Each model's mean rank, 1 the best, over the tables that every model has errors of."""
    models = list(found)
    shared = [table for table in found[models[0]] if all(table in found[model] for model in models)]
    if not shared:
        return dict.fromkeys(models, float("nan"))
    means = np.array([[np.mean(found[model][table]) for model in models] for table in shared])
    return dict(zip(models, stats.rankdata(means, axis=1).mean(axis=0).tolist(), strict=True))
