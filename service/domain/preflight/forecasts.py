"""How descent would go on this very table, as far as the Gram matrix says it; the bounds of the curvature say less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.descent.forecast import WIDEST, Forecast, ForecastOfRun, Forecasts, Slope, is_plain
from service.domain.preflight.plan import Plan
from service.domain.sentences import few
from service.domain.spec.auto import is_bowl

NAMED = 5


@dataclass(frozen=True, slots=True)
class Foretold:
    """`standardised` is given where the scaler is none, `run` where the spec is full-batch descent. All of them are
    None where the matrix does not tell, and `left_out` says why."""

    scaled: Forecast | None = None
    raw: Forecast | None = None
    standardised: Forecast | None = None
    run: ForecastOfRun | None = None
    left_out: str | None = None

    @property
    def forecasts(self) -> Forecasts | None:
        return None if self.left_out is not None else Forecasts(self.scaled, self.raw, self.run)


def foretell(plan: Plan) -> Foretold:
    """Forecasts from the rows of the whole table; training makes them from its training rows."""
    if reason := _why_not(plan):
        return Foretold(left_out=reason)
    spec, found = plan.spec, plan.conditioning
    with np.errstate(all="ignore"):  # squares beyond float64: then there is no slope
        slopes = {scaler: _slope(plan, scaler) for scaler in {spec.scaler, "none", "standard"}}
    scaled = slopes[spec.scaler]
    if scaled is None:
        return Foretold(left_out="there is no gap to close, or it exceeds float64")
    standard = slopes["standard"]
    raw = slopes["none"]
    return Foretold(
        scaled.forecast(found.scaled) if found.scaled else None,
        raw.forecast(found.raw) if raw and found.raw else None,
        standard.forecast(found.standardised) if standard and found.standardised else None,
        _run(plan, scaled),
    )


def _run(plan: Plan, slope: Slope) -> ForecastOfRun | None:
    """By the rates and epochs that the spec would be run with."""
    rates = plan.rates
    if rates is None or not is_plain(plan.spec, plan.rows.train):
        return None
    return slope.course(rates.learning_rate, rates.momentum, plan.spec.optimizer.nesterov, rates.epochs)


def _slope(plan: Plan, scaler: str) -> Slope | None:
    gram, figures, spec = plan.figures.gram, plan.figures, plan.spec
    if gram is None:
        return None
    columns = {column.name: column for column in plan.features}
    places = {}
    for name in plan.conditioning.columns:
        place = figures.placing(columns[name], scaler)
        if place is None:
            return None
        places[name] = place
    return gram.slope(places, spec.targets, spec.scale_target is True, spec.network.bias)


def _why_not(plan: Plan) -> str | None:
    spec, found, gram = plan.spec, plan.conditioning, plan.figures.gram
    if not is_bowl(spec):
        return "descent can only be forecast for a linear neuron with squared error, whose loss is quadratic"
    if gram is None or not found.columns or found.scaled is None or found.raw is None:
        return "the curvature of the columns is not known"
    if found.left_out:
        return f"the Gram matrix lacks {few(list(found.left_out), NAMED, repr)}"
    if len(found.columns) > WIDEST:
        return f"descent is not forecast for more than {WIDEST} columns"
    if spec.weight_column is not None:
        return "the rows are weighted in training"
    if missing := [column.name for column in (*plan.features, *plan.targets) if column.nulls]:
        return f"there are missing cells in {few(missing, NAMED, repr)}"
    if any(target not in gram.names for target in spec.targets):
        return "the target is not in the Gram matrix"
    return None
