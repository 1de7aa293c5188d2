"""The design that a network reads, as it was prepared: its curvature, and how descent goes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from service.domain.arrays import Floats
from service.domain.descent.curvature import Curvature, curvature, gram
from service.domain.descent.forecast import WIDEST, Forecast, Forecasts, Slope, is_plain, slope_of
from service.domain.spec.auto import is_bowl
from service.domain.spec.training import TrainingSpec
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices


def scaled_curvature(prepared: Prepared, bias: bool) -> Curvature | None:
    """Curvature of the design that the network reads."""
    inputs, weights = prepared.train.inputs, prepared.train.data.weights
    pieces = (inputs[rows] for rows in slices(*inputs.shape))
    return curvature(gram(pieces, inputs.shape[1], bias, weights))


@dataclass(frozen=True, slots=True)
class Products:
    """Products over the training rows: `hessian` (w, w) 2/n ZᵀCZ, and `gradient` (w, k) -2/n ZᵀCY of the squared error
    at weights of zero; (w, 0) for classes."""

    hessian: Floats
    gradient: Floats

    @property
    def curvature(self) -> Curvature | None:
        return curvature(self.hessian)

    @property
    def slope(self) -> Slope | None:
        return slope_of(self.hessian, self.gradient)


def products(prepared: Prepared, bias: bool) -> tuple[Products, Products | None]:
    """Products of the design that the network reads, and of the same columns before scaling: in one pass, since scaling
    is a linear map of the design's columns; None where they are clipped as well, which is none."""
    inputs, targets, weights = prepared.train.inputs, prepared.train.data.targets, prepared.train.data.weights
    width, goals = inputs.shape[1], 0 if prepared.classes else targets.shape[1]

    def pieces() -> Any:
        for rows in slices(len(inputs), width + goals):
            some = inputs[rows].astype(np.float64)
            yield np.column_stack([some, targets[rows]]) if goals else some

    every = gram(pieces(), width + goals, bias=True, weights=weights)
    kept = [*range(width), width + goals]  # without the targets, the ones last
    scaled = Products(every[np.ix_(kept, kept)], -every[kept, width : width + goals])
    if prepared.transform.clip is not None:
        return _with(scaled, bias), None
    to_raw = np.diag(np.append(prepared.transform.scale, 1.0))
    to_raw[:width, width] = prepared.transform.centre
    raw = Products(to_raw @ scaled.hessian @ to_raw.T, to_raw @ scaled.gradient)
    return _with(scaled, bias), _with(raw, bias)


def _with(found: Products, bias: bool) -> Products:
    return found if bias else Products(found.hessian[:-1, :-1], found.gradient[:-1])


def forecasts(
    spec: TrainingSpec, rows: int, width: int, scaled: Products, raw: Products | None
) -> tuple[Forecasts | None, str | None]:
    """What descent from weights of zero does on these `rows`, by the settled spec too where that is full-batch descent;
    or the reason why that is not told."""
    if not is_bowl(spec):
        return None, "descent can only be forecast for a linear neuron with squared error, whose loss is quadratic"
    if width > WIDEST:
        return None, f"descent is not forecast for more than {WIDEST} columns"
    slope, optimizer, run = scaled.slope, spec.optimizer, None
    on_scaled = _forecast(scaled.curvature, slope)
    if slope is None or on_scaled is None:
        return None, "there is no gap to close: always predicting the mean is optimal"
    if is_plain(spec, rows) and not isinstance(optimizer.learning_rate, str):
        momentum = 0.0 if optimizer.momentum == "auto" else optimizer.momentum
        run = slope.course(optimizer.learning_rate, momentum, optimizer.nesterov, spec.last_epoch)
    return Forecasts(on_scaled, None if raw is None else _forecast(raw.curvature, raw.slope), run), None


def _forecast(curved: Curvature | None, slope: Slope | None) -> Forecast | None:
    return slope.forecast(curved) if curved and slope else None
