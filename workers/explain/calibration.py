"""Whether probabilities mean what they say: reliability by bins, the expected calibration error, the Brier score."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.report.classes import Reliability, ReliabilityBin

BINS = 10
Z = 1.959963984540054  # the normal quantile of 95 %


def calibration(truth: npt.NDArray[np.int64], probabilities: Floats) -> Reliability:
    """Calibration of the second of two classes; of more, of the predicted class (Guo et al. 2017).

    Bins hold equal numbers of rows, but equal probabilities stay together. `expected_error` is the mean distance
    between what was predicted and what came true, by rows; `brier` the mean squared distance between probabilities and
    truth (Brier 1950; of two classes the second only, so at most 1).
    """
    classes = probabilities.shape[1]
    if classes == 2:
        predicted, came_true = probabilities[:, 1], truth == 1
        brier = float(((predicted - came_true) ** 2).mean())
    else:
        best = probabilities.argmax(axis=1)
        predicted, came_true = probabilities[np.arange(len(truth)), best], truth == best
        brier = float(((probabilities - np.eye(classes)[truth]) ** 2).sum(axis=1).mean())
    bins = _bins(predicted, came_true)
    distances = [one.rows * abs(one.predicted - one.observed) for one in bins]
    of = "second class" if classes == 2 else "predicted class"
    return Reliability(of, bins, expected_error=sum(distances) / len(truth), brier=brier)


def _bins(predicted: Floats, came_true: npt.NDArray[np.bool_]) -> list[ReliabilityBin]:
    edges = np.quantile(predicted, np.linspace(0, 1, BINS + 1))
    bin_of = np.searchsorted(edges[1:-1], predicted)
    found = []
    for number in np.unique(bin_of):
        inside = bin_of == number
        rows, observed = int(inside.sum()), float(came_true[inside].mean())
        low, high = _wilson(observed, rows)
        found.append(ReliabilityBin(float(predicted[inside].mean()), observed, low, high, rows))
    return found


def _wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    centre = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    reach = Z / (1 + Z**2 / rows) * math.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)
