"""Weights on the scaled design as coefficients in the user's units, with errors and intervals where there are any."""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.magnitude import units
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.report.neuron import Coefficient

CONFIDENCE = 0.95


def user_map(transform: FittedTransform, scale: TargetScale, bias: bool) -> Floats:
    """(width + 1, w) float64: takes scaled weights, the bias last, to an intercept and slopes; the target's centre is
    to be added to the intercept."""
    width = transform.n_outputs
    slopes = scale.scale / transform.scale
    to_user = np.zeros((width + 1, width + int(bias)))
    to_user[0, :width] = -slopes * transform.centre
    to_user[0, width:] = scale.scale
    to_user[1:, :width] = np.diag(slopes)
    return to_user


def _lengths(rows: Floats) -> Floats:
    """(n,) the Euclidean norms of rows (n, r), also of those whose squares are not in float64."""
    unit = units(np.abs(rows).max(axis=1, initial=0.0))
    found: Floats = np.sqrt(np.sum((rows * unit[:, None]) ** 2, axis=1)) / unit
    return found


def coefficients(
    weights: Floats, spread: Floats | None, reach: float | None, bias: bool, transform: FittedTransform,
    scale: TargetScale, label: str | None = None,
) -> list[Coefficient]:  # fmt: skip
    """Coefficients of score = intercept + Σ coefficient · x. `weights` (w,); `spread` (w, r) is a root of their
    covariance, None where there is none; `reach` is how many errors an interval goes to each side. `label` is the class
    that they are of, if any. Empty where the scaler clips the columns: the score is then no such sum."""
    if transform.clip is not None:
        return []
    to_user = user_map(transform, scale, bias)
    values = to_user @ weights
    values[0] += scale.centre
    errors = None if spread is None else _lengths(to_user @ spread)
    listed = []
    for index, name in enumerate(["intercept", *transform.encoded_names]):
        if index == 0 and not bias and values[0] == 0.0:
            continue
        value = float(values[index])
        error = None if errors is None else float(errors[index])
        within = None if error is None or reach is None else reach * error
        low, high = (None, None) if within is None else (value - within, value + within)
        listed.append(Coefficient(name, label, value, error, low, high))
    return listed
