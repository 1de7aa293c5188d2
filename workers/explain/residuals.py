"""What a regression gets wrong: a summary of its errors on held-out rows."""

from __future__ import annotations

import math

import numpy as np

from service.domain.arrays import Floats, Integers
from service.domain.model.magnitude import unit_of
from service.domain.report.regression import Points, Residuals, WorstRow
from workers.explain.sample import POINTS, choose, draws

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
WORST = 5
MOST_POINTS = 400


def residual_summary(truth: Floats, predictions: Floats, rows: Integers, part: str, seed: int) -> Residuals:
    """Summary of one target's residuals, truth - prediction in the target's units; `rows` (n,) are the rows' places in
    the dataset, counted from 0 as `/v1/datasets/{id}/rows?offset=` does. `points` is a sample to draw."""
    residuals = truth - predictions
    unit = unit_of(float(np.abs(residuals).max()))
    off = residuals * unit - (residuals * unit).mean()
    deviation = float(np.sqrt((off**2).mean()))
    worst = _greatest(np.abs(residuals), WORST)
    drawn = choose(draws(seed, POINTS), len(truth), MOST_POINTS)
    return Residuals(
        part=part,
        rows=len(truth),
        mean=float((residuals * unit).mean()) / unit,
        standard_deviation=deviation / unit * math.sqrt(len(truth) / (len(truth) - 1)) if len(truth) > 1 else None,
        skew=float(((off / deviation) ** 3).mean()) if deviation > 0 else None,
        quantiles=dict(zip(map(str, LEVELS), np.quantile(residuals, LEVELS).tolist(), strict=True)),
        worst=[
            WorstRow(int(rows[place]), float(truth[place]), float(predictions[place]), float(residuals[place]))
            for place in worst
        ],
        points=Points(truth[drawn].tolist(), predictions[drawn].tolist()),
    )


def _greatest(values: Floats, count: int) -> Integers:
    """Where the greatest are, the greatest first; of equal ones the first."""
    if len(values) > count:
        among = np.flatnonzero(values >= np.partition(values, -count)[-count])
    else:
        among = np.arange(len(values))
    return among[np.argsort(-values[among], kind="stable")][:count]
